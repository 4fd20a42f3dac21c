import { data, F, manualSeed, nn, optim, train } from "tatamijs";

manualSeed(0);
const model = new nn.Sequential(
  new nn.Conv2d(1, 32, 3, { padding: 1 }),
  new nn.BatchNorm2d(32),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(32 * 4 * 4, 10),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const loader = new data.DataLoader(new data.Digits(), { batchSize: 32, shuffle: true });
for (let epoch = 0; epoch < 3; epoch++) {
  for await (const [x, y] of loader) {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(x), y);
    loss.backward();
    await optimizer.step(); // forward, backward and update run as one program
  }
}
const test = new data.DataLoader(new data.Digits({ split: "test" }), { batchSize: 180 });
const metrics = { accuracy: train.accuracy };
const { accuracy } = await train.evaluate(model, { loader: test, loss: F.crossEntropy, metrics });
console.log(`accuracy on images it has never seen: ${accuracy}`);
