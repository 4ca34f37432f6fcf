import jasmineRequire from 'jasmine-core/lib/jasmine-core/jasmine.js';

const jasmine = jasmineRequire.core(jasmineRequire);
export const environment = jasmine.getEnv();

// tfjs's tests find these where a test page has them.
Object.assign(globalThis, jasmineRequire.interface(jasmine, environment), { jasmine });
