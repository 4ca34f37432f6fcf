import { ConfigurationError, describe, StrobeError } from '../../errors.js';

/** Version of the front end's module that a model names, and of the protocol between them. */
export interface WidgetVersions {
  readonly controls: string;
  readonly protocol: string;
}

const VERSIONS = {
  7: { controls: '1.5.0', protocol: '2.0.0' },
  8: { controls: '2.0.0', protocol: '2.1.0' },
} as const satisfies Record<number, WidgetVersions>;

let chosen: keyof typeof VERSIONS = 8;

/**
 * Which ipywidgets the front end has: 8 (JupyterLab 4, Notebook 7), or 7, which some front ends give kernels that are not
 * Python's. Takes effect for what is shown from now on. Default 8.
 *
 * @throws ConfigurationError for another version
 */
export function setWidgetVersion(version: 7 | 8): void {
  if (!Object.hasOwn(VERSIONS, version)) {
    throw new ConfigurationError(
      StrobeError.compose('setWidgetVersion: there are no widgets of this version.', {
        expected: '7 or 8: the major version of ipywidgets that the front end has',
        received: describe(version),
        hint: 'leave it out in JupyterLab 4 and Notebook 7',
      }),
    );
  }
  chosen = version;
}

export function widgetVersions(): WidgetVersions {
  return VERSIONS[chosen];
}
