/** What a front end has sent over a comm. */
export interface CommMessage {
  /** What it says: JSON. */
  data: Record<string, unknown>;
  /** What there is to know about it. */
  metadata: Record<string, unknown>;
  /** Binary data that goes beside the JSON. */
  buffers: Uint8Array[];
}

/** A channel between an object in a cell and its view in the front end (Jupyter's comm). */
export interface Comm {
  /** The same on both sides. */
  readonly id: string;
  /** Name of what takes it on the other side. */
  readonly target: string;
  /** Sends a message to the front end; buffers go as they are, beside the JSON. */
  send(
    data: Record<string, unknown>,
    extras?: { metadata?: Record<string, unknown>; buffers?: readonly Uint8Array[] },
  ): void;
  /** Closes the channel, and tells the front end. */
  close(data?: Record<string, unknown>): void;
  /** What the listener prints is shown in the cell that registers it. */
  onMessage(listener: (message: CommMessage) => void): void;
  /** Calls the listener when the front end closes the channel. */
  onClose(listener: (message: CommMessage) => void): void;
}

/** What the first message of a comm carries. */
export interface CommOpening {
  /** Default: a random one. */
  id?: string;
  /** What it says: JSON. */
  data?: Record<string, unknown>;
  /** What there is to know about it. */
  metadata?: Record<string, unknown>;
  /** Binary data that goes beside the JSON. */
  buffers?: readonly Uint8Array[];
}

/** A host whose front end has comms. */
export interface CommHost {
  /** Opens a comm to the front end's side of a target. */
  open(target: string, opening?: CommOpening): Comm;
  /** Lets the front end open comms to a target. */
  registerTarget(target: string, opened: (comm: Comm, message: CommMessage) => void): void;
}
