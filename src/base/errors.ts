/**
 * Errors that users meet. Each says what was asked, the values given, and the fix, and carries the offending
 * values as fields of `details`, so that a program can react to them too.
 */
abstract class TatamiError extends Error {
  /** The offending values, by name. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.details = details;
  }
}

/**
 * Shapes that do not fit together, or a dimension out of range.
 *
 * @example
 * try {
 *   zeros([2, 3]).add(zeros([4]));
 * } catch (error) {
 *   if (error instanceof ShapeError) console.log(error.message, error.details);
 * }
 */
export class ShapeError extends TatamiError {}

/** An element type that an operation cannot take. */
export class DTypeError extends TatamiError {}

/** A wrong value for an argument or option. */
export class ArgumentError extends TatamiError {}

/** A state dict that does not fit the module or optimizer. */
export class StateDictError extends TatamiError {}

/** A file that is missing, damaged or of another format. */
export class FileFormatError extends TatamiError {}

/** The engine cannot do what was asked: a value that is gone, a host without the needed feature. */
export class EngineError extends TatamiError {}
