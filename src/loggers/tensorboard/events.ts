import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * The messages of an event file that this project writes. Field numbers are those of TensorFlow's `event.proto`,
 * `summary.proto`, `tensor.proto` and TensorBoard's `plugin_data.proto` of the hparams plugin.
 */
export type Value =
  | { tag: string; scalar: number }
  | { tag: string; text: string }
  | { tag: string; histogram: Histogram }
  | { tag: string; image: { width: number; height: number; png: Uint8Array } }
  | { tag: string; hparams: Uint8Array };

export interface Histogram {
  min: number;
  max: number;
  count: number;
  sum: number;
  sumOfSquares: number;
  /** Upper limits of the buckets, ascending, and how many values each holds. */
  limits: number[];
  counts: number[];
}

/** `DataType.DT_STRING` */
const STRING = 7;

/** The first event of every file. */
export function versionEvent(time: number): Uint8Array {
  return event(time, 0, (w) => w.tag(3, WireType.LengthDelimited).string('brain.Event:2'));
}

/** Says that a run begins again at a step: readers drop what they have from there on. */
export function restartEvent(time: number, step: number): Uint8Array {
  // SessionLog { status = 1: START = 1 }
  return event(time, step, (w) => message(w, 7, (log) => log.tag(1, WireType.Varint).int32(1)));
}

export function summaryEvent(time: number, step: number, values: readonly Value[]): Uint8Array {
  return event(time, step, (w) =>
    message(w, 5, (summary) => {
      for (const value of values) message(summary, 1, (each) => writeValue(each, value));
    }),
  );
}

/** Hyper-parameters of a run, for the hparams plugin: `HParamsPluginData { session_start_info = 3 }`. */
export function sessionStart(time: number, hparams: Record<string, number | string | boolean>): Uint8Array {
  const w = new BinaryWriter();
  message(w, 3, (info) => {
    for (const [name, value] of Object.entries(hparams)) {
      message(info, 1, (entry) => {
        entry.tag(1, WireType.LengthDelimited).string(name);
        // google.protobuf.Value: number_value = 2, string_value = 3, bool_value = 4
        message(entry, 2, (v) => {
          if (typeof value === 'number') v.tag(2, WireType.Bit64).double(value);
          else if (typeof value === 'string') v.tag(3, WireType.LengthDelimited).string(value);
          else v.tag(4, WireType.Varint).bool(value);
        });
      });
    }
    info.tag(5, WireType.Bit64).double(time);
  });
  return w.finish();
}

/** How a run ended: `HParamsPluginData { session_end_info = 4 }`, with STATUS_SUCCESS = 1 and STATUS_FAILURE = 2. */
export function sessionEnd(time: number, success: boolean): Uint8Array {
  const w = new BinaryWriter();
  message(w, 4, (info) => {
    info.tag(1, WireType.Varint).int32(success ? 1 : 2);
    info.tag(2, WireType.Bit64).double(time);
  });
  return w.finish();
}

/** Which hyper-parameters and metrics there are: `HParamsPluginData { experiment = 2 }`. */
export function experiment(hparams: Record<string, number | string | boolean>, metrics: readonly string[]): Uint8Array {
  const w = new BinaryWriter();
  message(w, 2, (e) => {
    for (const [name, value] of Object.entries(hparams)) {
      message(e, 4, (info) => {
        info.tag(1, WireType.LengthDelimited).string(name);
        // DataType: STRING = 1, BOOL = 2, FLOAT64 = 3
        info.tag(4, WireType.Varint).int32({ string: 1, boolean: 2, number: 3 }[typeof value as 'string']);
      });
    }
    for (const metric of metrics) {
      message(e, 5, (info) => message(info, 1, (name) => name.tag(2, WireType.LengthDelimited).string(metric)));
    }
  });
  return w.finish();
}

function event(time: number, step: number, what: (w: BinaryWriter) => void): Uint8Array {
  const w = new BinaryWriter();
  w.tag(1, WireType.Bit64).double(time);
  w.tag(2, WireType.Varint).int64(Math.trunc(step));
  what(w);
  return w.finish();
}

function writeValue(w: BinaryWriter, value: Value): void {
  w.tag(1, WireType.LengthDelimited).string(value.tag);
  // Beyond float32 the writer refuses; rounded to it, the value is infinite.
  if ('scalar' in value) w.tag(2, WireType.Bit32).float(Math.fround(value.scalar));
  else if ('image' in value) {
    const { width, height, png } = value.image;
    message(w, 4, (image) => {
      image.tag(1, WireType.Varint).int32(height).tag(2, WireType.Varint).int32(width);
      image.tag(3, WireType.Varint).int32(4).tag(4, WireType.LengthDelimited).bytes(png);
    });
  } else if ('histogram' in value) message(w, 5, (h) => writeHistogram(h, value.histogram));
  else if ('text' in value) {
    plugin(w, 'text');
    message(w, 8, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(STRING);
      message(tensor, 2, (shape) => message(shape, 2, (dim) => dim.tag(1, WireType.Varint).int64(1)));
      tensor.tag(8, WireType.LengthDelimited).string(value.text);
    });
  } else plugin(w, 'hparams', value.hparams);
}

function plugin(w: BinaryWriter, name: string, content?: Uint8Array): void {
  message(w, 9, (metadata) =>
    message(metadata, 1, (data) => {
      data.tag(1, WireType.LengthDelimited).string(name);
      if (content) data.tag(2, WireType.LengthDelimited).bytes(content);
    }),
  );
}

function writeHistogram(w: BinaryWriter, h: Histogram): void {
  [h.min, h.max, h.count, h.sum, h.sumOfSquares].forEach((value, i) => w.tag(i + 1, WireType.Bit64).double(value));
  for (const [field, values] of [
    [6, h.limits],
    [7, h.counts],
  ] as const) {
    w.tag(field, WireType.LengthDelimited).fork();
    for (const value of values) w.double(value);
    w.join();
  }
}

function message(w: BinaryWriter, field: number, what: (w: BinaryWriter) => void): void {
  w.tag(field, WireType.LengthDelimited).fork();
  what(w);
  w.join();
}
