import { Session, type Profiler as Inspector, type Runtime } from 'node:inspector/promises';
import { Profiler } from './profiler.js';

/** Functions listed for each action. */
const TOP = 10;

/** Which functions the time of each action goes to, from samples that V8 takes. */
export class AdvancedProfiler extends Profiler {
  readonly #spans = new Map<string, [from: number, to: number][]>();
  #session: Session | undefined;
  #profile: Inspector.Profile | undefined;

  override async begin(): Promise<void> {
    if (this.#session) return;
    this.#session = new Session();
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.start');
  }

  protected record(action: string, from: number, to: number): void {
    const spans = this.#spans.get(action);
    if (spans) spans.push([from, to]);
    else this.#spans.set(action, [[from, to]]);
  }

  override async describe(print: (text: string) => void): Promise<void> {
    if (this.#session) {
      const { profile } = await this.#session.post('Profiler.stop');
      this.#profile = profile;
      this.#session.disconnect();
      this.#session = undefined;
    }
    await super.describe(print);
  }

  summary(): string {
    const sections = [...this.#spans].map(([action, spans]) => {
      const lines = this.#functionsIn(spans).map(
        ([name, time]) => `  ${(time / 1e3).toFixed(2).padStart(10)} ms  ${name}`,
      );
      const total = spans.reduce((sum, [from, to]) => sum + to - from, 0);
      return { total, text: [`${action}: ${spans.length} calls, ${(total / 1e3).toFixed(2)} ms`, ...lines].join('\n') };
    });
    return ['Profiler report', ...sections.sort((a, b) => b.total - a.total).map(({ text }) => text)].join('\n\n');
  }

  /** The functions that most samples of these spans were taken in, with the microseconds these stand for. */
  #functionsIn(spans: readonly [from: number, to: number][]): [name: string, time: number][] {
    const { nodes = [], samples = [], timeDeltas = [], startTime = 0 } = this.#profile ?? {};
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    const times = new Map<string, number>();
    let at = startTime;
    let next = 0; // Spans of one action follow each other.
    for (const [i, sample] of samples.entries()) {
      const delta = timeDeltas[i] ?? 0;
      at += delta;
      while (next < spans.length && (spans[next] as [number, number])[1] < at) next += 1;
      const span = spans[next];
      if (!span) break;
      if (at < span[0]) continue;
      const name = names.get(sample) ?? '?';
      times.set(name, (times.get(name) ?? 0) + delta);
    }
    return [...times].sort(([, a], [, b]) => b - a).slice(0, TOP);
  }
}

function nameOf({ functionName, url, lineNumber }: Runtime.CallFrame): string {
  const file = url.split('/').slice(-2).join('/');
  return `${functionName || '(anonymous)'}${file ? ` (${file}:${lineNumber + 1})` : ''}`;
}
