import type { Comm, CommHost, CommMessage, CommOpening } from 'strobe/display';

type Data = Record<string, unknown>;
type Listener = (message: CommMessage) => void;

/** A comm whose other end a test holds. */
class RecordedComm implements Comm {
  readonly sent: Data[] = [];
  readonly #onMessage: Listener[] = [];
  readonly #onClose: Listener[] = [];

  constructor(
    readonly id: string,
    readonly target: string,
    readonly onSend: (data: Data) => void = () => undefined,
  ) {}

  send(data: Data): void {
    const copy = JSON.parse(JSON.stringify(data)) as Data;
    this.sent.push(copy);
    this.onSend(copy);
  }
  close(): void {
    this.hangUp();
  }
  onMessage(listener: Listener): void {
    this.#onMessage.push(listener);
  }
  onClose(listener: Listener): void {
    this.#onClose.push(listener);
  }
  /** What the front end sends. */
  receive(data: Data): void {
    for (const listener of this.#onMessage) listener({ data, metadata: {}, buffers: [] });
  }
  hangUp(): void {
    for (const listener of this.#onClose) listener({ data: {}, metadata: {}, buffers: [] });
  }
}

/** A front end with ipywidgets, as far as comms tell: it keeps the models' states, and does what a user does. */
export class FrontEnd implements CommHost {
  readonly openings: { target: string; opening: CommOpening }[] = [];
  readonly comms = new Map<string, RecordedComm>();
  readonly models = new Map<string, Data>();
  readonly #targets = new Map<string, (comm: Comm, message: CommMessage) => void>();

  open(target: string, opening: CommOpening = {}): Comm {
    this.openings.push({ target, opening });
    const id = opening.id ?? `comm${this.comms.size}`;
    const model = (opening.data as { state: Data }).state;
    const comm = new RecordedComm(id, target, ({ method, state }) => {
      if (method === 'update' || method === 'echo_update') Object.assign(model, state);
    });
    this.comms.set(id, comm);
    this.models.set(id, model);
    return comm;
  }

  registerTarget(target: string, opened: (comm: Comm, message: CommMessage) => void): void {
    this.#targets.set(target, opened);
  }

  /** Opens a comm from the front end's side. */
  connect(target: string): RecordedComm {
    const comm = new RecordedComm(`front${this.comms.size}`, target);
    this.#targets.get(target)?.(comm, { data: {}, metadata: {}, buffers: [] });
    return comm;
  }

  /** The models of a kind, such as `Button`. */
  all(kind: string): Data[] {
    return [...this.models.values()].filter((model) => model['_model_name'] === `${kind}Model`);
  }

  model(description: string): Data | undefined {
    return [...this.models.values()].find((model) => model['description'] === description);
  }

  commOf(model: Data | undefined): RecordedComm | undefined {
    return [...this.comms.values()].find(({ id }) => this.models.get(id) === model);
  }

  click(description: string): void {
    this.commOf(this.model(description))?.receive({ method: 'custom', content: { event: 'click' } });
  }

  change(description: string, state: Data): void {
    this.commOf(this.model(description))?.receive({ method: 'update', state, buffer_paths: [] });
  }
}
