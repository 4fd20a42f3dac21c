/**
 * Listings of kernels and programs: readable, deterministic, with locals numbered in order of appearance.
 * They serve for golden files and debugging, and as the key by which equal kernels are shared.
 *
 * Types stand where a value gets one (constants other than scalar integers, declarations, casts); `b0[i:4]`
 * is a load or store of 4 lanes, and `b2[i0:3 of 4]` one of the first 3.
 */
import type { Expr, Kernel, Local, Stmt, ValueType } from "./ir.ts";
import type { Place, Program } from "./program.ts";

/** A listing of one kernel with its name, its locals' names and its flops. */
export function printKernel(kernel: Kernel): string {
  const head = `kernel ${kernel.name}: ${kernel.chunks} chunks, ${kernel.flops} flops`;
  return [head, ...new Printer(true).kernel(kernel)].join("\n");
}

/**
 * A text that is equal for two kernels exactly when they mean the same code: the listing without names, with
 * locals numbered in order of appearance whatever their ids.
 */
export function kernelKey(kernel: Kernel): string {
  return [`${kernel.chunks} chunks`, ...new Printer(false).kernel(kernel)].join("\n");
}

/** A listing of a program: slots, stages with their calls, then the kernels. */
export function printProgram(program: Program): string {
  const { arenaBytes, scratchBytes } = program;
  const scratch = scratchBytes === undefined ? "" : `, scratch of ${scratchBytes} for each thread`;
  const lines = [`program: arena of ${arenaBytes} bytes${scratch}`];
  program.slots.forEach((slot, i) => {
    lines.push(`  slot ${i}: ${slot.dtype}[${slot.size}]`);
  });
  program.stages.forEach((stage, i) => {
    lines.push(`  stage ${i}`);
    for (const call of stage.calls) {
      const name = program.kernels[call.kernel]?.name ?? "?";
      lines.push(`    ${call.kernel} ${name}(${call.places.map(printPlace).join(", ")})`);
    }
  });
  program.kernels.forEach((kernel, i) => {
    lines.push("", `${i} ${printKernel(kernel)}`);
  });
  return lines.join("\n");
}

function printPlace(place: Place): string {
  return place.kind === "slot" ? `slot ${place.slot}` : `${place.kind}+${place.byteOffset}`;
}

function typeName(type: ValueType, lanes: number): string {
  return lanes === 1 ? type : `${type}x${lanes}`;
}

function printNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

const operators: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  and: "&",
  or: "|",
  xor: "^",
  shl: "<<",
  shr: ">>>",
};

class Printer {
  readonly #named: boolean;
  readonly #numbers = new Map<number, number>();
  #lines: string[] = [];

  constructor(named: boolean) {
    this.#named = named;
  }

  kernel(kernel: Kernel): string[] {
    kernel.buffers.forEach((buffer, i) => {
      this.#lines.push(`  b${i}: ${buffer.access} ${buffer.dtype}[${buffer.size}]`);
    });
    this.#lines.push(`  chunk ${this.#local(kernel.chunk)}`);
    this.#block(kernel.body, "  ");
    return this.#lines;
  }

  #local(local: Local): string {
    let number = this.#numbers.get(local.id);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(local.id, number);
    }
    return this.#named ? `${local.name}.${number}` : `%${number}`;
  }

  #block(body: readonly Stmt[], indent: string): void {
    for (const stmt of body) this.#stmt(stmt, indent);
  }

  #stmt(stmt: Stmt, indent: string): void {
    const line = (text: string): number => this.#lines.push(indent + text);
    switch (stmt.kind) {
      case "let": {
        // The value comes first: a local is not in scope in its own definition.
        const value = this.#expr(stmt.value);
        const { type, lanes, mutable } = stmt.local;
        line(`${mutable ? "var" : "let"} ${this.#local(stmt.local)}: ${typeName(type, lanes)} = ${value}`);
        return;
      }
      case "set":
        line(`${this.#local(stmt.local)} = ${this.#expr(stmt.value)}`);
        return;
      case "loop": {
        const range = `${this.#expr(stmt.start)}..${this.#expr(stmt.end)} step ${stmt.step}`;
        line(`loop ${this.#local(stmt.variable)} in ${range}`);
        this.#block(stmt.body, `${indent}  `);
        return;
      }
      case "store":
        line(
          `b${stmt.buffer}${this.#element(stmt.index, stmt.value.lanes, stmt.active)} = ${this.#expr(stmt.value)}`,
        );
        return;
      case "prefetch":
        line(`prefetch b${stmt.buffer}${this.#element(stmt.index, 1, undefined)} to ${stmt.access}`);
        return;
      case "if":
        line(`if ${this.#expr(stmt.condition)}`);
        this.#block(stmt.then, `${indent}  `);
        if (stmt.otherwise.length === 0) return;
        line("else");
        this.#block(stmt.otherwise, `${indent}  `);
    }
  }

  #element(index: Expr, lanes: number, active = lanes): string {
    const part = active < lanes ? `${active} of ${lanes}` : lanes;
    return lanes === 1 ? `[${this.#expr(index)}]` : `[${this.#expr(index)}:${part}]`;
  }

  #expr(e: Expr): string {
    const call = (name: string, ...args: readonly Expr[]): string =>
      `${name}(${args.map((a) => this.#expr(a)).join(", ")})`;
    switch (e.kind) {
      case "const":
        if (e.type === "i32" && e.lanes === 1) return String(e.value | 0);
        return `${typeName(e.type, e.lanes)}(${printNumber(e.value)})`;
      case "local":
        return this.#local(e.local);
      case "load":
        return `b${e.buffer}${this.#element(e.index, e.lanes, e.active)}`;
      case "loadAt":
        return `${this.#expr(e.pointer)}.${e.dtype}${this.#element(e.index, e.lanes)}`;
      case "address":
        return `&b${e.buffer}${this.#element(e.index, 1)}`;
      case "unary":
        return call(e.fn, e.a);
      case "binary":
      case "compare": {
        const operator = operators[e.fn];
        if (operator === undefined) return call(e.fn, e.a, e.b);
        return `(${this.#expr(e.a)} ${operator} ${this.#expr(e.b)})`;
      }
      case "fma":
        return call("fma", e.a, e.b, e.c);
      case "select":
        return call("select", e.condition, e.a, e.b);
      case "cast":
        return call(`to_${e.type}`, e.a);
      case "bitcast":
        return call(`bits_${e.type}`, e.a);
      case "splat":
        return call(`splat${e.lanes}`, e.a);
      case "iota":
        return `iota${e.lanes}`;
      case "pack":
        return call("pack", ...e.elements);
      case "extract":
        return `${this.#expr(e.a)}.${e.lane}`;
      case "shuffle":
        return `${call("shuffle", e.a, e.b)}[${e.picks.join(" ")}]`;
    }
  }
}
