import { Box, Text, useInput, type Key } from 'ink';
import { memo } from 'react';

const Row = memo(function Row({ tag }: { tag: string }) {
  return <Text>{tag}</Text>;
});

/** The screen: rows, by their tags, and keys. */
export function App({ tags, onKey }: { tags: readonly string[]; onKey: (text: string, key: Key) => void }) {
  useInput(onKey);
  return (
    <Box flexDirection="column">
      {tags.map((tag, y) => (
        <Row key={y} tag={tag} />
      ))}
    </Box>
  );
}
