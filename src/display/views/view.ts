import { SHOW, type Drawable, type MimeBundle, type Showable } from '../bundle.js';
import { escapeHtml } from '../escape.js';

/** What something looks like: a line that says what it is and how it stands, and tables and pictures below. */
export class View implements Drawable, Showable {
  readonly title: string;
  readonly facts: readonly string[];
  readonly parts: readonly Drawable[];

  constructor(title: string, facts: readonly string[] = [], parts: readonly (Drawable | undefined)[] = []) {
    this.title = title;
    this.facts = facts;
    this.parts = parts.filter((part) => part !== undefined);
  }

  toText(): string {
    const head = [this.title, ...this.facts].join(' · ');
    return [head, ...this.parts.map((part) => part.toText())].join(this.parts.length > 1 ? '\n\n' : '\n');
  }

  toHtml(): string {
    const facts = this.facts.map((fact) => ` · ${escapeHtml(fact)}`).join('');
    const parts = this.parts.map((part) => `<div style="margin-top:6px">${part.toHtml()}</div>`).join('');
    return `<div style="max-width:100%"><div><b>${escapeHtml(this.title)}</b>${facts}</div>${parts}</div>`;
  }

  [SHOW](): MimeBundle {
    return { 'text/html': this.toHtml(), 'text/plain': this.toText() };
  }
}

/** Lines in a font whose characters are equally wide. */
export class Lines implements Drawable {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toText(): string {
    return this.#text;
  }

  toHtml(): string {
    return preformatted(escapeHtml(this.#text));
  }
}

/** Pages have their own ideas of what preformatted text looks like. */
export function preformatted(html: string): string {
  return `<pre style="margin:0;overflow-x:auto;font-family:var(--jp-code-font-family,monospace);line-height:1.3">${html}</pre>`;
}
