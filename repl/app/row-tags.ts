/** Times that a row may change before its tag comes again. */
const VERSIONS = 64;
const TAG = /<(\d+)\.\d+>/g;

/** Columns of a terminal that would show tags. */
export const TAG_COLUMNS = 8;

/**
 * Tags that stand for the rows of the screen, such as `<7.12>`.
 *
 * Ink looks at every cell of every frame, which takes 40 ms on a wide screen. Of a row it has to know only where it is and
 * whether it has changed: it is given a tag that says so, which is spelled out when it is written.
 */
export class RowTags {
  #rows: { text: string; version: number }[] = [];

  /** A tag for each row: the same as before if the row is. */
  of(rows: readonly string[]): string[] {
    this.#rows = rows.map((text, y) => {
      const { text: before, version } = this.#rows[y] ?? { text: undefined, version: 0 };
      return { text, version: text === before ? version : (version + 1) % VERSIONS };
    });
    return this.#rows.map(({ version }, y) => `<${y}.${version}>`);
  }

  /** What is written, with the rows in place of their tags. */
  spell(written: string): string {
    return written.replace(TAG, (_tag, y: string) => this.#rows[Number(y)]?.text.trimEnd() ?? '');
  }
}
