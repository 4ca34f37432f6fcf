import { writeFile } from 'node:fs/promises';
import type { Figure } from './figure.js';
import { escapeXml } from '../escape.js';

/**
 * Writes a page that shows the figure in any browser, interactive, without network: 2 MB. It follows the reader's light
 * or dark theme.
 */
export async function saveHtml(figure: Figure, path: string): Promise<void> {
  const title = escapeXml(figure.title ?? 'Strobe');
  await writeFile(
    path,
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  :root { color-scheme: light dark; font-family: system-ui, sans-serif; color: #24292f; background: #ffffff; }
  @media (prefers-color-scheme: dark) { :root { color: #d8dee6; background: #15181c; } }
  body { max-width: 960px; margin: 24px auto; padding: 0 16px; }
</style>
</head>
<body>
${figure.toHtml({ plotly: true })}
</body>
</html>
`,
  );
}
