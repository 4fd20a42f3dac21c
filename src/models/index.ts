/** `tatamijs/models`: networks that are ready to be trained. */
export { Cnn, type CnnOptions } from "./cnn.ts";
export { LeNet5, type LeNet5Options } from "./lenet5.ts";
export { MLP, type MLPOptions } from "./mlp.ts";
