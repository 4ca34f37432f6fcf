import type { Metrics } from '../../module/metrics.js';
import { formatNumber } from './format.js';

export interface NameOptions {
  /** Write `{x}` as `x=<value>`. */
  autoInsertMetricName: boolean;
  prefix?: string;
  /** Appended as `-v<version>`. */
  version?: number | undefined;
}

export const EXTENSION = '.ckpt';
const DEFAULT_TEMPLATE = '{epoch}-{step}';

/**
 * The file name that a template such as `model-{epoch:02d}-{val_loss:.2f}` gives for these metrics. Slashes make folders;
 * a metric that is missing counts as 0.
 */
export function checkpointName(template: string | undefined, metrics: Metrics, options: NameOptions): string {
  const filled = (template || DEFAULT_TEMPLATE).replace(
    /\{([^{}:]+)(?::([^{}]*))?\}/g,
    (_, name: string, spec?: string) => {
      const value = formatNumber(metrics[name] ?? 0, spec);
      return options.autoInsertMetricName ? `${name}=${value}` : value;
    },
  );
  const version = options.version === undefined ? [] : [`v${options.version}`];
  const prefix = options.prefix ? [options.prefix] : [];
  return [...prefix, filled, ...version].join('-') + EXTENSION;
}
