/** Bits of the dots of a braille character, by column and row. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

const BLANK = 0x2800;

/** Dots, two across and four down in each character; a character belongs to whoever has drawn in it last. */
export class Braille {
  readonly columns: number;
  readonly rows: number;
  readonly #bits: Uint8Array;
  readonly #owners: Uint8Array;
  readonly #signs = new Map<number, string>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#bits = new Uint8Array(columns * rows);
    this.#owners = new Uint8Array(columns * rows);
  }

  /** @param x dots from the left, @param y dots from the top; what is outside is left out */
  plot(x: number, y: number, owner: number): void {
    if (x < 0 || y < 0 || x >= this.columns * 2 || y >= this.rows * 4) return;
    const at = (y >> 2) * this.columns + (x >> 1);
    this.#bits[at] = (this.#bits[at] ?? 0) | (DOTS[x & 1]?.[y & 3] ?? 0);
    this.#owners[at] = owner;
  }

  /** Puts a sign over the dots; what is outside is left out. */
  sign(x: number, y: number, sign: string, owner: number): void {
    this.plot(x, y, owner);
    this.#signs.set((y >> 2) * this.columns + (x >> 1), sign);
  }

  line([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number], owner: number): void {
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let i = 0; i <= steps; i++) {
      this.plot(Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps), owner);
    }
  }

  /**
   * A row as text, spaces where there is nothing.
   *
   * @param paint dresses a stretch of characters of one owner
   */
  row(y: number, paint: (text: string, owner: number) => string = (text) => text): string {
    let [text, stretch, owner] = ['', '', 0];
    for (let x = 0; x < this.columns; x++) {
      const bits = this.#bits[y * this.columns + x] ?? 0;
      const own = this.#owners[y * this.columns + x] ?? 0;
      if (bits !== 0 && own !== owner) {
        text += stretch === '' ? '' : paint(stretch, owner);
        [stretch, owner] = ['', own];
      }
      stretch += this.#signs.get(y * this.columns + x) ?? (bits === 0 ? ' ' : String.fromCharCode(BLANK + bits));
    }
    return text + (stretch === '' ? '' : paint(stretch, owner));
  }
}
