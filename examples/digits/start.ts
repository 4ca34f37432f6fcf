/** `npm start`: trains the digits from nothing and says what came of it. `-- --fast`: a slice of the data, in seconds. */
import digits from './digits.js';

const fast = process.argv.includes('--fast');
const began = performance.now();
const { trainer, model, data } = await digits(fast ? { epochs: 1, images: 6000 } : {});

const result = await trainer.fit(model, data);
const [test] = await trainer.test(model, data);

const seconds = (performance.now() - began) / 1000;
const best = trainer.checkpointCallback?.bestModelPath ?? '';
console.log(`
${result.outcome}: ${result.epochs} ${result.epochs === 1 ? 'epoch' : 'epochs'}, ${result.steps} steps, ${seconds.toFixed(0)} s
test accuracy    ${((test?.['test_acc'] ?? 0) * 100).toFixed(2)} % of 10,000 images
best checkpoint  ${best}

What to try next
  npx strobe train examples/digits/digits.ts --set lr=0.001 epochs=2
  npx strobe train examples/digits/digits.ts --max-epochs 6 --ckpt ${best}
  npx strobe doctor
  and the example in the README: step through a batch, look at its gradients, save, go on.`);
