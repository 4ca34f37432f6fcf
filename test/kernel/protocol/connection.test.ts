import { describe, expect, it } from 'vitest';
import { connectionOf, readConnection } from '../../../kernel/protocol/connection.js';
import { ConfigurationError } from '../../../src/errors.js';

const ports = { shell_port: 1, control_port: 2, stdin_port: 3, iopub_port: 4, hb_port: 5 };

describe('a connection file', () => {
  it('names an address for each channel, over tcp and ipc', () => {
    const tcp = connectionOf({ ...ports, ip: '127.0.0.2', key: 'k', transport: 'tcp' });
    expect(tcp.addresses).toMatchObject({ shell: 'tcp://127.0.0.2:1', hb: 'tcp://127.0.0.2:5' });
    const ipc = connectionOf({
      ...ports,
      ip: '/run/kernel',
      key: 'k',
      transport: 'ipc',
      signature_scheme: 'hmac-sha512',
    });
    expect(ipc.addresses.iopub).toBe('ipc:///run/kernel-4');
    expect(ipc.algorithm).toBe('sha512');
  });

  it.each([
    ['a missing port', { key: 'k', shell_port: 1 }, /control_port/],
    ['another transport', { ...ports, transport: 'udp' }, /tcp or ipc/],
    ['an unknown hash', { ...ports, signature_scheme: 'hmac-rot13' }, /hmac-sha256/],
    ['a list', [], /JSON object/],
    ['a port that is none', { ...ports, hb_port: 99_999 }, /hb_port: a whole number from 1 to 65535/],
    ['half a pair of keys', { ...ports, curve_publickey: 'k'.repeat(40) }, /40 characters each, or neither/],
    ['keys that are none', { ...ports, curve_publickey: 'k', curve_secretkey: 'k' }, /40 characters each, or neither/],
  ])('with %s is an error that says what is wrong', (_, fields, message) => {
    expect(() => connectionOf(fields)).toThrow(ConfigurationError);
    expect(() => connectionOf(fields)).toThrow(message);
  });

  it('that is missing is an error that says how to get one', async () => {
    await expect(readConnection('/nowhere/connection.json')).rejects.toThrow(/start the kernel from a Jupyter client/);
  });
});
