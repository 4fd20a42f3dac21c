/** A process that trains one batch of Digits and ends, with the network, the engine and the package that a first visit has. */
import { data, F, manualSeed, nn, optim } from "tatamijs";

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
for await (const [x, y] of loader) {
  optimizer.zeroGrad();
  const loss = F.crossEntropy(model(x), y);
  loss.backward();
  await optimizer.step();
  console.log(`loss of the first batch: ${await loss.item()}`);
  break;
}
