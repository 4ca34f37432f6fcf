/** What a front end has sent over a comm. */
export interface CommMessage {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  /** Binary data that goes beside the JSON. */
  buffers: Uint8Array[];
}

/** A channel between an object in a cell and its view in the front end (Jupyter's comm). */
export interface Comm {
  readonly id: string;
  readonly target: string;
  send(
    data: Record<string, unknown>,
    extras?: { metadata?: Record<string, unknown>; buffers?: readonly Uint8Array[] },
  ): void;
  close(data?: Record<string, unknown>): void;
  /** What the listener prints is shown in the cell that registers it. */
  onMessage(listener: (message: CommMessage) => void): void;
  onClose(listener: (message: CommMessage) => void): void;
}

export interface CommOpening {
  /** Default: a random one. */
  id?: string;
  data?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  buffers?: readonly Uint8Array[];
}

/** A host whose front end has comms. */
export interface CommHost {
  /** Opens a comm to the front end's side of a target. */
  open(target: string, opening?: CommOpening): Comm;
  /** Lets the front end open comms to a target. */
  registerTarget(target: string, opened: (comm: Comm, message: CommMessage) => void): void;
}
