/** Where metrics go. Loggers know metrics and files; what a trainer is they need not know. */
export { CSVLogger, type CSVLoggerOptions } from './csv.js';
export type { FinalStatus, Logger } from './logger.js';
export { TensorBoardLogger, type TensorBoardLoggerOptions } from './tensorboard/logger.js';
