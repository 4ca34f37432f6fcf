import { Box, Text, Transform, useInput, type Key } from 'ink';
import { memo } from 'react';

/**
 * A row of the screen. Ink remembers for ever how wide each text is that it has measured: it gets a blank to measure, and the
 * row itself when it draws.
 */
const Row = memo(function Row({ text }: { text: string }) {
  return (
    <Transform transform={() => text}>
      <Text> </Text>
    </Transform>
  );
});

/** The screen: rows of text, and keys. */
export function App({ rows, onKey }: { rows: readonly string[]; onKey: (text: string, key: Key) => void }) {
  useInput(onKey);
  return (
    <Box flexDirection="column">
      {rows.map((text, y) => (
        <Row key={y} text={text} />
      ))}
    </Box>
  );
}
