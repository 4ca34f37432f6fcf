/** Where the time of a run goes. Profilers know names and times; what a trainer is they need not know. */
export { AdvancedProfiler } from './advanced.js';
export { ChromeTraceProfiler } from './chrome-trace.js';
export { Profiler } from './profiler.js';
export { SimpleProfiler } from './simple.js';
