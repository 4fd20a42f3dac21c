/** `tatamijs/models`: networks that are ready to be trained. */
export { CifarResNet, resnet20 } from "./cifar-resnet.ts";
export { Cnn, type CnnOptions } from "./cnn.ts";
export { LeNet5, type LeNet5Options } from "./lenet5.ts";
export { MLP, type MLPOptions } from "./mlp.ts";
export { MobileNetV2, type MobileNetV2Options, mobilenetV2 } from "./mobilenet-v2.ts";
export type { ImageModelOptions } from "./options.ts";
export { ResNet, type ResNetOptions, resnet18, resnet34, resnet50 } from "./resnet.ts";
export { BasicBlock, Bottleneck, type ResidualBlock } from "./resnet-blocks.ts";
export { VGG, type VGGOptions, vgg11, vgg11Bn } from "./vgg.ts";
