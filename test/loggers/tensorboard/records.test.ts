import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, frame } from '../../../src/loggers/tensorboard/records.js';

describe('record files', () => {
  it('have the checksum that its definition gives for "123456789"', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('frame any data by its length and two checksums', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        const record = frame(data);
        expect(Number(record.readBigUInt64LE(0))).toBe(data.length);
        expect([...record.subarray(12, 12 + data.length)]).toEqual([...data]);
        expect(record.length).toBe(data.length + 16);
      }),
    );
  });
});
