import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Wire, WireError } from '../../../kernel/protocol/wire.js';

const text = { type: 'status', parent: {}, content: { text: 'ü😀' } };
const frames = (parts: (Uint8Array | string)[]) => parts.map((part) => Buffer.from(part));

describe('Wire', () => {
  it('decodes what it encodes: identities, content, metadata, buffers', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.array(fc.uint8Array()),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 5 })),
        (content, buffers, identities) => {
          const sent = new Wire('key').encode(identities, { ...text, content, metadata: { a: 1 }, buffers });
          const { message, ...envelope } = new Wire('key').decode(frames(sent));
          expect(message.content).toEqual(JSON.parse(JSON.stringify(content)));
          expect(message).toMatchObject({
            parent: {},
            metadata: { a: 1 },
            header: { msg_type: 'status', version: '5.4' },
          });
          expect(message.buffers.map((buffer) => [...buffer])).toEqual(buffers.map((buffer) => [...buffer]));
          expect(envelope.identities.map((identity) => [...identity])).toEqual(
            identities.map((identity) => [...identity]),
          );
        },
      ),
    );
  });

  it('signs the four parts as the protocol says, whatever the hash', () => {
    const [, signature, ...parts] = new Wire('key', 'sha512').encode([], text);
    expect(String(signature)).toHaveLength(128);
    expect(parts).toHaveLength(4);
    expect(() => new Wire('key', 'sha256').decode(frames(new Wire('key', 'sha512').encode([], text)))).toThrow(
      WireError,
    );
  });

  it('refuses a message that was changed anywhere, and says nothing of the right signature', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 255 }), (at, part, flip) => {
        const sent = frames(new Wire('key').encode([], text));
        const right = sent[1]?.toString() ?? '';
        const frame = sent[part] as Buffer;
        frame[at % frame.length]! ^= flip;
        try {
          new Wire('key').decode(sent);
          expect.unreachable('it was accepted');
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
          expect(String(error)).not.toContain(right);
        }
      }),
    );
  });

  it('refuses a message that comes twice', () => {
    const wire = new Wire('key');
    const sent = frames(new Wire('key').encode([], text));
    wire.decode(sent);
    expect(() => wire.decode(sent)).toThrow(/came before/);
  });

  it('signs and checks nothing without a key', () => {
    const sent = frames(new Wire('').encode([], text));
    expect(sent[1]?.toString()).toBe('');
    const wire = new Wire('');
    wire.decode(sent);
    expect(wire.decode(sent).message.content).toEqual(text.content);
  });
});
