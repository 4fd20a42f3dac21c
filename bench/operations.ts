/** Single operations other than products, whose limit is memory: what they are called with, the same for every library. */
export interface Operation {
  readonly name: OperationName;
  readonly shape: readonly number[];
  /** Whether the gradient of the operand is asked for, and so computed with the result. */
  readonly gradient: boolean;
}

/** Each library has a function of the operand, and of a line of weights along its channels, for each of them. */
export type OperationName =
  | "sum of rows"
  | "sum of columns"
  | "deviation of rows"
  | "softmax of rows"
  | "softmax of columns"
  | "log softmax of rows"
  | "sum of all"
  | "running sum of rows"
  | "running sum of columns"
  | "transpose"
  | "layer norm"
  | "group norm, 8 groups"
  | "batch norm"
  | "PReLU"
  | "GELU"
  | "maximum of 3 x 3, stride 2"
  | "mean of 2 x 2"
  | "mean of 3 x 3"
  | "adaptive mean to 7 x 7"
  | "bilinear to twice the size"
  | "concatenation with itself"
  | "local response norm over 5";

const matrix = [1024, 2048] as const;
const images = [16, 64, 56, 56] as const;
const onMatrix = (name: OperationName, gradient = false): Operation => ({ name, shape: matrix, gradient });
const onImages = (name: OperationName): Operation => ({ name, shape: images, gradient: true });

/** Those that are measured: a matrix, and images with channels first. */
export const operations: readonly Operation[] = [
  onMatrix("sum of rows"),
  onMatrix("sum of columns"),
  onMatrix("deviation of rows", true),
  onMatrix("softmax of rows"),
  onMatrix("softmax of columns"),
  // Rows of a few elements, as of classes.
  { name: "log softmax of rows", shape: [65_536, 10], gradient: true },
  { name: "sum of all", shape: [65_536, 10], gradient: false },
  onMatrix("running sum of rows"),
  onMatrix("running sum of columns"),
  onMatrix("transpose"),
  // Sides that no vector or line of a cache divides.
  { name: "transpose", shape: [1001, 1003], gradient: false },
  onMatrix("layer norm", true),
  onMatrix("GELU"),
  onMatrix("concatenation with itself"),
  onImages("group norm, 8 groups"),
  onImages("batch norm"),
  onImages("PReLU"),
  onImages("maximum of 3 x 3, stride 2"),
  onImages("mean of 2 x 2"),
  onImages("mean of 3 x 3"),
  onImages("adaptive mean to 7 x 7"),
  onImages("bilinear to twice the size"),
  onImages("local response norm over 5"),
];
