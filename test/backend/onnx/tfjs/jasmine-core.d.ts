/** The little of Jasmine that the suite is run with; the package brings no types. */
declare module 'jasmine-core/lib/jasmine-core/jasmine.js' {
  export interface Result {
    fullName: string;
    status: 'passed' | 'failed' | 'pending' | 'excluded';
    failedExpectations: { message: string }[];
  }
  interface Environment {
    configure(options: { random: boolean }): void;
    addReporter(reporter: { specDone?(result: Result): void; suiteDone?(result: Result): void }): void;
    execute(): Promise<unknown>;
  }
  interface Jasmine {
    getEnv(): Environment;
  }
  const jasmineRequire: {
    core(require: unknown): Jasmine;
    interface(jasmine: Jasmine, environment: Environment): object;
  };
  export default jasmineRequire;
}
