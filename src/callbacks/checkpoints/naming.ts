import type { Metrics } from '../../module/metrics.js';
import { formatNumber } from './format.js';

/** What file names are put together with. */
export interface NameStyle {
  /** Between a prefix, the name and its version. */
  joinChar: string;
  /** Between a metric's name and its value. */
  equalsChar: string;
  extension: string;
}

export const DEFAULT_STYLE: NameStyle = { joinChar: '-', equalsChar: '=', extension: '.ckpt' };

export interface NameOptions extends Partial<NameStyle> {
  /** Write `{x}` as `x=<value>`. */
  autoInsertMetricName: boolean;
  prefix?: string | undefined;
  /** Appended as `-v<version>`. */
  version?: number | undefined;
}

const DEFAULT_TEMPLATE = '{epoch}-{step}';

/**
 * The file name that a template such as `model-{epoch:02d}-{val_loss:.2f}` gives for these metrics. Slashes make folders;
 * a metric that is missing counts as 0.
 */
export function checkpointName(template: string | undefined, metrics: Metrics, options: NameOptions): string {
  const { joinChar, equalsChar, extension } = { ...DEFAULT_STYLE, ...options };
  const filled = (template || DEFAULT_TEMPLATE).replace(
    /\{([^{}:]+)(?::([^{}]*))?\}/g,
    (_, name: string, spec?: string) => {
      const value = formatNumber(metrics[name] ?? 0, spec);
      return options.autoInsertMetricName ? `${name}${equalsChar}${value}` : value;
    },
  );
  const version = options.version === undefined ? [] : [`v${options.version}`];
  const prefix = options.prefix ? [options.prefix] : [];
  return [...prefix, filled, ...version].join(joinChar) + extension;
}
