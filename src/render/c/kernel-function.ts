/**
 * One kernel as one C function. Its parameters are the first chunk, the chunk after the last and a pointer to each
 * buffer. Only identifiers made here and numbers reach the text: names of kernels and locals are reduced to letters
 * and digits.
 */
import type { DType } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import { extremeOf } from "../../kernel/extreme-choice.ts";
import type {
  BinaryExpr,
  CastExpr,
  Expr,
  Kernel,
  Local,
  LoopStmt,
  SelectExpr,
  ShuffleExpr,
  Stmt,
  StoreStmt,
  UnaryExpr,
  ValueType,
} from "../../kernel/ir.ts";
import { Ranges } from "../../kernel/ranges.ts";

/** A kernel as C. */
export interface KernelText {
  readonly name: string;
  readonly text: string;
  /** Lane counts of its vectors. */
  readonly lanes: ReadonlySet<number>;
}

/** Renders a kernel. @throws EngineError for a vector of float64, which no schedule makes. */
export function renderKernel(kernel: Kernel, number: number): KernelText {
  return new KernelFunction(kernel, number).render();
}

const elementTypes: Record<DType, string> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  uint8: "uint8_t",
  bool: "uint8_t",
};

const operators: Partial<Record<string, string>> = { add: "+", sub: "-", mul: "*", div: "/" };
const bitOperators: Partial<Record<string, string>> = { and: "&", or: "|", xor: "^" };
const comparisons = { eq: "==", ne: "!=", lt: "<", le: "<=" } as const;

/** Functions of C's library on float64, and their float32 forms; the transcendental ones are only used on float64. */
const libraryFunctions: Partial<Record<string, string>> = {
  abs: "fabs",
  floor: "floor",
  ceil: "ceil",
  round: "rint",
  trunc: "trunc",
  sqrt: "sqrt",
  exp: "exp",
  expm1: "expm1",
  log: "log",
  log1p: "log1p",
  sin: "sin",
  cos: "cos",
  tanh: "tanh",
  erf: "erf",
  pow: "pow",
};

/**
 * Steps that a long sum over a register tile takes between two tests of its counter. These and the sums of addresses
 * want ports that the multiply-adds of 512 bits want: without them a product of 1024 x 1024 takes a thirteenth less time.
 * In short sums nothing is gained, and the compiler takes twice as long.
 */
const unrolledSteps = 4;
const longSum = 128;
const leastMultiplyAdds = 8;

function isLongSum({ start, end, body }: LoopStmt): boolean {
  if (start.kind === "const" && end.kind === "const" && end.value - start.value < longSum) return false;
  const multiplyAdds = body.filter((s) => s.kind === "set" && s.value.kind === "fma");
  return multiplyAdds.length >= leastMultiplyAdds && body.every((s) => s.kind !== "loop");
}

const plainName = (name: string): string => name.replace(/[^A-Za-z0-9]/g, "");

class KernelFunction {
  readonly #kernel: Kernel;
  readonly #name: string;
  readonly #ranges: Ranges;
  readonly #lanes = new Set<number>();
  readonly #lines: string[] = [];
  #depth = 1;

  constructor(kernel: Kernel, number: number) {
    this.#kernel = kernel;
    this.#name = `k${number}_${plainName(kernel.name)}`;
    this.#ranges = new Ranges(kernel);
  }

  render(): KernelText {
    const { buffers, chunk, body } = this.#kernel;
    const parameters = buffers.map(({ dtype, access }, i) => {
      const constant = access === "read" ? "const " : "";
      return `, ${constant}${elementTypes[dtype]} *restrict b${i}`;
    });
    const variable = this.#local(chunk);
    this.#line(`for (i32 ${variable} = first; ${variable} < end; ${variable}++) {`);
    this.#block(body);
    this.#line("}");
    const head = `static __attribute__((noinline)) void ${this.#name}(i32 first, i32 end${parameters.join("")}) {`;
    return { name: this.#name, text: [head, ...this.#lines, "}", ""].join("\n"), lanes: this.#lanes };
  }

  // Statements

  #line(text: string): void {
    this.#lines.push("  ".repeat(this.#depth) + text);
  }

  #block(statements: readonly Stmt[]): void {
    this.#depth++;
    for (const statement of statements) this.#statement(statement);
    this.#depth--;
  }

  #statement(s: Stmt): void {
    switch (s.kind) {
      case "let":
        this.#line(
          `${this.#type(s.local.type, s.local.lanes)} ${this.#local(s.local)} = ${this.#value(s.value)};`,
        );
        break;
      case "set":
        this.#line(`${this.#local(s.local)} = ${this.#value(s.value)};`);
        break;
      case "loop":
        this.#loop(s);
        break;
      case "prefetch":
        this.#line(
          `__builtin_prefetch(b${s.buffer} + ${this.#value(s.index)}, ${s.access === "write" ? 1 : 0}, 2);`,
        );
        break;
      case "store":
        this.#store(s);
        break;
      case "if":
        this.#line(`if (${this.#value(s.condition)}) {`);
        this.#block(s.then);
        if (s.otherwise.length > 0) {
          this.#line("} else {");
          this.#block(s.otherwise);
        }
        this.#line("}");
        break;
    }
  }

  #loop(loop: LoopStmt): void {
    const { variable, start, end, step, body } = loop;
    if (isLongSum(loop)) this.#line(`#pragma GCC unroll ${unrolledSteps}`);
    const name = this.#local(variable);
    this.#line(
      `for (i32 ${name} = ${this.#value(start)}, e${variable.id} = ${this.#value(end)}; ` +
        `${name} < e${variable.id}; ${name} += ${step}) {`,
    );
    this.#block(body);
    this.#line("}");
  }

  #store({ buffer, index, value, active }: StoreStmt): void {
    const { dtype } = this.#buffer(buffer);
    const at = `b${buffer} + ${this.#value(index)}`;
    const text = this.#value(value);
    const { lanes } = value;
    if (lanes === 1) {
      this.#line(`*(${at}) = ${dtype === "uint8" ? `(uint8_t)${text}` : text};`);
      return;
    }
    if (active !== undefined) {
      const vector = this.#type(value.type, lanes);
      this.#line(`put_${vector}(${at}, ${text}, ${active});`);
    } else if (dtype === "uint8") this.#line(`store_u8x${lanes}(${at}, ${text});`);
    else if (dtype === "bool") this.#line(`store_u8x${lanes}(${at}, -${text});`);
    else this.#line(`*(${elementTypes[dtype]}x${lanes}u *)(${at}) = ${text};`);
  }

  // Expressions. Every text can stand as an operand: it is a name, a call, or in parentheses.

  #local(local: Local): string {
    return `${plainName(local.name)}_${local.id}`;
  }

  /** C's name of a register's type. A scalar bool is an integer, 0 or 1; a vector of bool a mask of integers. */
  #type(type: ValueType, lanes: number): string {
    if (lanes === 1) return type === "bool" ? "i32" : type;
    if (type === "f64" || type === "ptr") {
      throw new EngineError(`c: there is no vector of ${type}; schedule it with 1 lane`);
    }
    this.#lanes.add(lanes);
    return `${type === "f32" ? "f32" : "i32"}x${lanes}`;
  }

  #buffer(index: number): Kernel["buffers"][number] {
    const buffer = this.#kernel.buffers[index];
    if (buffer === undefined) throw new EngineError(`c: kernel ${this.#name} has no buffer ${index}`);
    return buffer;
  }

  #value(e: Expr): string {
    const type = this.#type(e.type, e.lanes);
    switch (e.kind) {
      case "const":
        return this.#constant(e.value, e.type, e.lanes);
      case "local":
        return this.#local(e.local);
      case "load": {
        const address = `b${e.buffer} + ${this.#value(e.index)}`;
        if (e.active !== undefined) return `part_${type}(${address}, ${e.active})`;
        return this.#load(address, this.#buffer(e.buffer).dtype, e.lanes);
      }
      case "loadAt": {
        const pointer = `(const ${elementTypes[e.dtype]} *)${this.#value(e.pointer)}`;
        return this.#load(`${pointer} + ${this.#value(e.index)}`, e.dtype, e.lanes);
      }
      case "address":
        return `((ptr)(b${e.buffer} + ${this.#value(e.index)}))`;
      case "unary":
        return this.#unary(e, type);
      case "binary":
        return this.#binary(e, type);
      case "fma":
        if (e.lanes > 1 && e.type === "f32") {
          return `fma_${type}(${this.#value(e.a)}, ${this.#value(e.b)}, ${this.#value(e.c)})`;
        }
        return this.#sum(this.#product(e.a, e.b, type), this.#value(e.c), type);
      case "compare":
        return `(${this.#value(e.a)} ${comparisons[e.fn]} ${this.#value(e.b)})`;
      case "select":
        return this.#select(e, type);
      case "cast":
        return this.#cast(e, type);
      case "bitcast":
        return e.lanes === 1 ? `bits_${type}(${this.#value(e.a)})` : `((${type})${this.#value(e.a)})`;
      case "splat":
        return this.#splat(this.#value(e.a), e.type, type);
      case "iota":
        return `((${type}){${Array.from({ length: e.lanes }, (_, i) => i).join(", ")}})`;
      case "pack": {
        const sign = e.type === "bool" ? "-" : "";
        return `((${type}){${e.elements.map((x) => sign + this.#value(x)).join(", ")}})`;
      }
      case "extract":
        return e.type === "bool" ? `(-${this.#value(e.a)}[${e.lane}])` : `(${this.#value(e.a)}[${e.lane}])`;
      case "shuffle":
        return this.#shuffle(e, type);
    }
  }

  #shuffle({ a, b, lanes, picks }: ShuffleExpr, type: string): string {
    // A vector from memory has a type of its own, with less alignment.
    const operands = [a, b].map((x) => `(${type})${this.#value(x)}`);
    return `SHUFFLE(${operands.join(", ")}, ${this.#type("i32", lanes)}, ${picks.join(", ")})`;
  }

  #constant(value: number, type: ValueType, lanes: number): string {
    const text = type === "f32" || type === "f64" ? floatLiteral(value, type) : intLiteral(value);
    return lanes === 1 ? text : this.#splat(text, type, this.#type(type, lanes));
  }

  #splat(text: string, type: ValueType, vector: string): string {
    return `splat_${vector}(${type === "bool" ? `-${text}` : text})`;
  }

  #load(address: string, dtype: DType, lanes: number): string {
    if (lanes === 1) return dtype === "bool" ? `(*(${address}) != 0)` : `(*(${address}))`;
    this.#lanes.add(lanes);
    if (dtype === "uint8") return `load_u8x${lanes}(${address})`;
    if (dtype === "bool") return `(load_u8x${lanes}(${address}) != 0)`;
    return `(*(const ${elementTypes[dtype]}x${lanes}u *)(${address}))`;
  }

  #unary(e: UnaryExpr, type: string): string {
    const a = this.#value(e.a);
    if (e.fn === "not") return e.type === "bool" && e.lanes === 1 ? `(!${a})` : `(~${a})`;
    if (e.type === "i32" || e.fn === "sign") return `${e.fn}_${type}(${a})`;
    if (e.fn === "neg") return `(-${a})`;
    if (e.fn === "reciprocal") return `(${this.#constant(1, e.type, e.lanes)} / ${a})`;
    return e.lanes === 1 ? `${this.#library(e.fn, e.type)}(${a})` : `${e.fn}_${type}(${a})`;
  }

  #library(fn: string, type: ValueType): string {
    const name = libraryFunctions[fn];
    if (name === undefined) throw new EngineError(`c: ${fn} is not defined on ${type}`);
    return type === "f32" ? `${name}f` : name;
  }

  #binary(e: BinaryExpr, type: string): string {
    const a = this.#value(e.a);
    const b = this.#value(e.b);
    const bits = bitOperators[e.fn];
    if (bits !== undefined) return `(${a} ${bits} ${b})`;
    const operator = operators[e.fn];
    if (e.type !== "i32") {
      if (operator !== undefined) return `(${a} ${operator} ${b})`;
      return e.fn === "pow" ? `pow(${a}, ${b})` : `${e.fn}_${type}(${a}, ${b})`;
    }
    // Arithmetic that cannot overflow is left to the compiler as such: it may widen indices and step through them.
    if (operator !== undefined && e.lanes === 1 && !this.#ranges.unbounded(e)) {
      return `(${a} ${operator} ${b})`;
    }
    const plain = this.#ranges.nonNegative(e.a) && this.#ranges.of(e.b).lo > 0;
    if (e.fn === "idiv" && plain) return `(${a} / ${b})`;
    if (e.fn === "mod" && plain) return `(${a} % ${b})`;
    return `${e.fn}_${type}(${a}, ${b})`;
  }

  #product(a: Expr, b: Expr, type: string): string {
    const [x, y] = [this.#value(a), this.#value(b)];
    return a.type === "i32" ? `mul_${type}(${x}, ${y})` : `(${x} * ${y})`;
  }

  #sum(a: string, b: string, type: string): string {
    return type.startsWith("i32") ? `add_${type}(${a}, ${b})` : `(${a} + ${b})`;
  }

  #select(e: SelectExpr, type: string): string {
    const extreme = e.type === "f32" && e.lanes > 1 ? extremeOf(e) : null;
    if (extreme !== null)
      return `${extreme.fn}_${type}(${this.#value(extreme.a)}, ${this.#value(extreme.b)})`;
    const condition = e.condition.kind === "splat" ? e.condition.a : e.condition;
    const [c, a, b] = [this.#value(condition), this.#value(e.a), this.#value(e.b)];
    if (condition.lanes > 1) return `select_${type}(${c}, ${a}, ${b})`;
    // A vector from memory has a type of its own, with less alignment, which C tells apart here.
    return e.lanes > 1 ? `(${c} ? (${type})${a} : (${type})${b})` : `(${c} ? ${a} : ${b})`;
  }

  #cast(e: CastExpr, type: string): string {
    const a = this.#value(e.a);
    const from = e.a.type;
    if (e.type === "bool") return `(${a} != 0)`;
    if (e.lanes > 1) {
      // A true lane is -1.
      const number = from === "bool" ? `(-${a})` : a;
      if (e.type === "i32") return from === "bool" ? number : `i32_of_${this.#type(from, e.lanes)}(${a})`;
      return `__builtin_convertvector(${number}, ${type})`;
    }
    if (e.type === "i32") return from === "bool" ? a : `i32_of_${from}(${a})`;
    return `((${type})${a})`;
  }
}

function intLiteral(value: number): string {
  const integer = value | 0;
  if (integer === -2147483648) return "INT32_MIN";
  return integer < 0 ? `(${integer})` : String(integer);
}

function floatLiteral(value: number, type: "f32" | "f64"): string {
  const rounded = type === "f32" ? Math.fround(value) : value;
  const suffix = type === "f32" ? "f" : "";
  if (Number.isNaN(rounded)) return `((${type})NAN)`;
  if (!Number.isFinite(rounded)) return rounded < 0 ? `(-(${type})INFINITY)` : `((${type})INFINITY)`;
  if (Object.is(rounded, -0)) return `(-0.0${suffix})`;
  const digits = String(rounded);
  const text = `${/[.e]/.test(digits) ? digits : `${digits}.0`}${suffix}`;
  return rounded < 0 ? `(${text})` : text;
}
