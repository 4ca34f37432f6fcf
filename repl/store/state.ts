import type { JournalEntry, Position, RunStatus } from '../../src/index.js';

/** The panes, by the number that leads to them. */
export const PANES = [
  'metrics',
  'progress',
  'callbacks',
  'parameters',
  'breakpoints',
  'journal',
  'logs',
  'prompt',
  'runs',
] as const;
export type PaneName = (typeof PANES)[number];

export interface Size {
  columns: number;
  rows: number;
}

/** One curve: values over steps, oldest first. */
export interface Curve {
  name: string;
  x: readonly number[];
  y: readonly number[];
}

export interface FieldView {
  name: string;
  /** As one line. */
  text: string;
  /** What may be put there. */
  allowed: string;
}

export interface CallbackView {
  /** Distinct among the callbacks of a run, such as `EarlyStopping` and `EarlyStopping#2`. */
  name: string;
  enabled: boolean;
  fields: FieldView[];
}

/** Numbers about a tensor: its norm, its extent, and how its values are distributed. */
export interface TensorView {
  norm: number;
  least: number;
  most: number;
  notFinite: number;
  counts: number[];
}

export interface ParameterView {
  name: string;
  shape: readonly number[];
  frozen: boolean;
  value: TensorView;
  /** As it was at the last step that was looked at. */
  gradient: TensorView | undefined;
}

export interface BreakpointView {
  id: number;
  description: string;
  enabled: boolean;
  hits: number;
}

/** What the run at hand looks like. */
export interface RunView {
  name: string;
  status: RunStatus;
  position: Position;
  /** Infinity when nobody knows. */
  batches: number;
  /** -1 for no limit. */
  maxEpochs: number;
  /** Batches of the evaluation that runs, if one does. */
  evaluationBatches: number | undefined;
  /** Batches a second. */
  rate: number;
  /** Seconds to the end of the fit; NaN when nobody knows. */
  secondsLeft: number;
  learningRates: number[];
  residentBytes: number;
  tensors: number;
  history: { from: number; to: number; bytes: number; limitBytes: number };
  curves: Curve[];
  callbacks: CallbackView[];
  parameters: ParameterView[];
  breakpoints: BreakpointView[];
  journal: readonly JournalEntry[];
}

export interface RunRow {
  name: string;
  status: RunStatus;
  epoch: number;
  step: number;
  metrics: string;
}

export type Tone = 'plain' | 'input' | 'good' | 'warn' | 'bad';

/** A line of the transcript or the log. */
export interface Line {
  text: string;
  tone: Tone;
}

/** What is being typed. */
export interface Input {
  mode: 'command' | 'prompt' | 'filter' | 'field';
  /** What stands before it, or says what may be typed. */
  label: string;
  /** Finished lines of a text of several. */
  before: readonly string[];
  text: string;
  cursor: number;
  /** What could stand there. */
  offers: readonly Offer[];
}

/** A word that could stand where something is typed. */
export interface Offer {
  text: string;
  /** Its type, or what it is. */
  type?: string | undefined;
}

/** Something to read that takes the whole screen. */
export interface Page {
  title: string;
  lines: readonly string[];
  top: number;
}

export interface Question {
  text: string;
  /** Keys that answer it, and what each means. */
  answers: readonly (readonly [key: string, meaning: string])[];
}

export interface State {
  size: Size;
  /** The file whose experiment is trained. */
  title: string;
  view: RunView | undefined;
  runs: RunRow[];
  current: number;
  /** What is under way and takes a while, such as `rewinding`. */
  working: string | undefined;
  focus: PaneName;
  /** Whether the pane in focus has the screen to itself. */
  alone: boolean;
  /** Shares of the screen: the columns at the right, the rows of the prompt. */
  split: { side: number; foot: number };
  selected: Record<PaneName, number>;
  /** Lines from the end at which a pane that follows its end stands; 0 follows. */
  back: Record<'logs' | 'prompt', number>;
  metrics: {
    filter: string;
    logY: boolean;
    /** Weight of what came before; undefined leaves it to each curve. */
    smoothing: number | undefined;
    /** How much of the steps is seen: 1 all, 0.5 the half around the cursor or at the end. */
    extent: number;
    /** Where values are read, as a share of what is seen; undefined reads the last ones. */
    cursor: number | undefined;
  };
  /** Callbacks whose fields are folded away. */
  folded: ReadonlySet<string>;
  input: Input | undefined;
  page: Page | undefined;
  question: Question | undefined;
  transcript: Line[];
  logs: Line[];
  /** Lines of the log that nobody has seen. */
  unseen: number;
}

/** Lines that are kept of what was said. */
const KEPT = 2000;

export function initialState(title: string, size: Size): State {
  return {
    size,
    title,
    view: undefined,
    runs: [],
    current: 0,
    working: undefined,
    focus: 'metrics',
    alone: false,
    split: { side: 0.4, foot: 0.28 },
    selected: Object.fromEntries(PANES.map((pane) => [pane, 0])) as Record<PaneName, number>,
    back: { logs: 0, prompt: 0 },
    metrics: { filter: '', logY: false, smoothing: undefined, extent: 1, cursor: undefined },
    folded: new Set(),
    input: undefined,
    page: undefined,
    question: undefined,
    transcript: [],
    logs: [],
    unseen: 0,
  };
}

/** Adds what was said, line by line; the oldest lines go. */
export function say(lines: Line[], text: string, tone: Tone = 'plain'): void {
  lines.push(...text.split('\n').map((line) => ({ text: line, tone })));
  if (lines.length > KEPT) lines.splice(0, lines.length - KEPT);
}
