/**
 * Reads Python's pickles, of protocols 2 to 5, as far as data needs it: a machine with a stack that makes lists, tuples,
 * dictionaries, numbers and texts, and asks its caller for everything else. It never runs code: a class or function
 * that the caller does not know by name is refused, and so is every instruction that only classes need. What it makes takes
 * memory in proportion to the pickle.
 */

/** Called with the reason and the byte offset; must throw. */
export type PickleFail = (reason: string, at: number, details?: Readonly<Record<string, unknown>>) => never;

/** What an instruction pushes: a plain value, one of the classes below, or an object of the caller's. */
export type PickleValue = null | boolean | number | bigint | string | object;

export class PyTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A list or a set. */
export class PyList {
  readonly items: PickleValue[];
  constructor(items: PickleValue[]) {
    this.items = items;
  }
}

/** Keys are texts; a number as a key is its text. */
export class PyDict {
  readonly entries: Map<string, PickleValue> = new Map();
}

/** What calling a known class or function gives; `fail` must be called for arguments that it does not take. */
export type PyCall = (args: readonly PickleValue[], fail: (reason: string) => never) => PickleValue;

/** A class or function that the caller knows. */
export class PyGlobal {
  /** `module.name`. */
  readonly path: string;
  /** Absent where it is only a name. */
  readonly call: PyCall | undefined;
  constructor(path: string, call?: PyCall) {
    this.path = path;
    this.call = call;
  }
}

/** The caller's part. */
export interface PickleHost {
  /** The class or function of this path, or undefined where it is not known. */
  readonly global: (path: string) => PyGlobal | undefined;
  /** What a persistent id stands for. */
  readonly persistent: (id: PickleValue, fail: (reason: string) => never) => PickleValue;
  readonly fail: PickleFail;
}

/** What to do about a pickle that holds more than data. */
export const plainFix: string =
  "save plain values in Python: torch.save(model.state_dict(), path), with numbers as int(x) or float(x)";

/** Reads the first value of a pickle. */
export function unpickle(bytes: Uint8Array, host: PickleHost): PickleValue {
  return new Machine(bytes, host).run();
}

/** Instructions that are refused, for messages. */
const refusedNames: Readonly<Record<number, string>> = {
  ...{ 48: "POP", 49: "POP_MARK", 50: "DUP", 70: "FLOAT", 73: "INT", 76: "LONG" },
  ...{ 80: "PERSID", 83: "STRING", 84: "BINSTRING", 85: "SHORT_BINSTRING", 86: "UNICODE" },
  ...{ 100: "DICT", 103: "GET", 105: "INST", 108: "LIST", 111: "OBJ", 112: "PUT", 129: "NEWOBJ" },
  ...{ 130: "EXT1", 131: "EXT2", 132: "EXT4", 139: "LONG4", 146: "NEWOBJ_EX", 151: "NEXT_BUFFER" },
  152: "READONLY_BUFFER",
};

/** One instruction: reads its arguments and changes the stack. */
type Instruction = (machine: Machine) => void;

const instructions: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x80, (m) => m.protocol()],
  [0x95, (m) => m.frame()],
  [0x28, (m) => m.mark()],
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [0x4b, (m) => m.push(m.uint(1))],
  [0x4d, (m) => m.push(m.uint(2))],
  [0x4a, (m) => m.push(m.uint(4) | 0)],
  [0x8a, (m) => m.push(m.long())],
  [0x47, (m) => m.push(m.double())],
  [0x8c, (m) => m.push(m.text(m.uint(1)))],
  [0x58, (m) => m.push(m.text(m.uint(4)))],
  [0x8d, (m) => m.push(m.text(m.wide()))],
  [0x43, (m) => m.push(m.take(m.uint(1)).slice())],
  [0x42, (m) => m.push(m.take(m.uint(4)).slice())],
  [0x8e, (m) => m.push(m.take(m.wide()).slice())],
  [0x96, (m) => m.push(m.take(m.wide()).slice())],
  [0x29, (m) => m.push(new PyTuple([]))],
  [0x85, (m) => m.tuple(1)],
  [0x86, (m) => m.tuple(2)],
  [0x87, (m) => m.tuple(3)],
  [0x74, (m) => m.push(new PyTuple(m.popMark()))],
  [0x5d, (m) => m.push(new PyList([]))],
  [0x8f, (m) => m.push(new PyList([]))],
  [0x91, (m) => m.push(new PyList(m.popMark()))],
  [0x61, (m) => m.append([m.pop()])],
  [0x65, (m) => m.append(m.popMark())],
  [0x90, (m) => m.append(m.popMark())],
  [0x7d, (m) => m.push(new PyDict())],
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [0x75, (m) => m.setItems(m.popMark())],
  [0x71, (m) => m.remember(m.uint(1))],
  [0x72, (m) => m.remember(m.uint(4))],
  [0x94, (m) => m.remember(m.memoSize)],
  [0x68, (m) => m.recall(m.uint(1))],
  [0x6a, (m) => m.recall(m.uint(4))],
  [0x63, (m) => m.global(m.line(), m.line())],
  [0x93, (m) => m.stackGlobal()],
  [0x52, (m) => m.reduce()],
  [0x62, (m) => m.build()],
  [0x51, (m) => m.persistent()],
]);

const stop = 0x2e;

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #host: PickleHost;
  readonly #memo = new Map<number, PickleValue>();
  /** The stacks below each mark. */
  readonly #below: PickleValue[][] = [];
  #stack: PickleValue[] = [];
  #at = 0;
  /** Where the instruction in progress begins. */
  #instruction = 0;

  constructor(bytes: Uint8Array, host: PickleHost) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#host = host;
  }

  run(): PickleValue {
    if (this.#bytes[0] !== 0x80) this.#fail("a pickle of protocol 2 or later begins with the byte 0x80");
    for (;;) {
      this.#instruction = this.#at;
      const code = this.uint(1);
      if (code === stop) return this.pop();
      const instruction = instructions.get(code);
      if (instruction === undefined) {
        const hex = `0x${code.toString(16).padStart(2, "0")}`;
        const name = refusedNames[code];
        if (name === undefined) this.#fail(`${hex} is no instruction of a pickle; the file is damaged`);
        this.#fail(`the pickle instruction ${name} (${hex}) is not read; ${plainFix}`, { instruction: name });
      }
      instruction(this);
    }
  }

  #fail(reason: string, details?: Readonly<Record<string, unknown>>): never {
    return this.#host.fail(reason, this.#instruction, details);
  }

  // Arguments of instructions.

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) this.#fail("the pickle is cut off");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint(length: 1 | 2 | 4): number {
    this.take(length);
    const at = this.#at - length;
    if (length === 1) return this.#view.getUint8(at);
    return length === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }

  /** A length of 64 bits. */
  wide(): number {
    this.take(8);
    const value = this.#view.getBigUint64(this.#at - 8, true);
    if (value > BigInt(this.#bytes.length)) this.#fail("the pickle is cut off");
    return Number(value);
  }

  /** An integer of up to 255 bytes, in two's complement; a bigint where a number would lose digits. */
  long(): number | bigint {
    const bytes = this.take(this.uint(1));
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    const signed = BigInt.asIntN(8 * bytes.length, value);
    const isSafe = signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER);
    return isSafe ? Number(signed) : signed;
  }

  double(): number {
    this.take(8);
    return this.#view.getFloat64(this.#at - 8, false);
  }

  text(length: number): string {
    const bytes = this.take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.#fail("a text is not valid UTF-8");
    }
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.#fail("the pickle is cut off");
    const line = this.text(end - this.#at);
    this.#at++;
    return line;
  }

  protocol(): void {
    const version = this.uint(1);
    if (version < 2 || version > 5) this.#fail(`pickles of protocol ${version} are not read; 2 to 5 are`);
  }

  /** Frames are hints for readers of streams. */
  frame(): void {
    this.take(8);
  }

  // The stack.

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) return this.#fail("the pickle takes a value from an empty stack; it is damaged");
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) return this.#fail("the pickle takes a value from an empty stack; it is damaged");
    return value;
  }

  mark(): void {
    this.#below.push(this.#stack);
    this.#stack = [];
  }

  popMark(): PickleValue[] {
    const below = this.#below.pop();
    if (below === undefined)
      return this.#fail("the pickle closes a group that it has not begun; it is damaged");
    const group = this.#stack;
    this.#stack = below;
    return group;
  }

  tuple(length: number): void {
    const items = Array.from({ length }, () => this.pop());
    this.push(new PyTuple(items.reverse()));
  }

  append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!(list instanceof PyList)) this.#fail("the pickle appends to what is no list; it is damaged");
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PyDict))
      this.#fail("the pickle sets a key of what is no dictionary; it is damaged");
    if (items.length % 2 !== 0) this.#fail("the pickle sets a key without a value; it is damaged");
    for (let i = 0; i < items.length; i += 2) {
      const key = this.#keyOf(items[i] as PickleValue);
      if (dict.entries.has(key)) {
        this.#fail(`a dictionary has two keys that are both ${JSON.stringify(key)} as text; rename one`, {
          key,
        });
      }
      dict.entries.set(key, items[i + 1] as PickleValue);
    }
  }

  #keyOf(key: PickleValue): string {
    if (typeof key === "string") return key;
    if (typeof key === "number" || typeof key === "bigint") return String(key);
    const kind = key instanceof PyTuple ? "a tuple" : String(key === null ? "None" : typeof key);
    return this.#fail(`a dictionary has ${kind} as a key; only texts and numbers can be keys; ${plainFix}`);
  }

  // The memo, by which a value is used again.

  get memoSize(): number {
    return this.#memo.size;
  }

  remember(index: number): void {
    this.#memo.set(index, this.#top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined)
      this.#fail(`the pickle uses value ${index} again, which it has not made; it is damaged`);
    this.push(value);
  }

  // Classes and functions.

  global(module: string, name: string): void {
    const path = `${module}.${name}`;
    const known = this.#host.global(path);
    if (known === undefined) {
      this.#fail(
        `the pickle needs the Python class or function ${path}, which is not data and could run code; ${plainFix}`,
        { global: path },
      );
    }
    this.push(known);
  }

  stackGlobal(): void {
    const name = this.pop();
    const module = this.pop();
    if (typeof name !== "string" || typeof module !== "string") {
      this.#fail("the name of a class is no text; the pickle is damaged");
    }
    this.global(module, name);
  }

  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(args instanceof PyTuple)) this.#fail("the arguments of a call are no tuple; the pickle is damaged");
    if (!(callee instanceof PyGlobal)) this.#fail("the pickle calls what is no function; it is damaged");
    if (callee.call === undefined) this.#fail(`the pickle calls ${callee.path}, which is only a name here`);
    this.push(callee.call(args.items, (reason) => this.#fail(reason)));
  }

  /** Attributes of an ordered dictionary (a state dict has versions of its modules there) are left out. */
  build(): void {
    this.pop();
    if (!(this.#top() instanceof PyDict)) {
      this.#fail(`the pickle sets attributes of an object, which is more than data; ${plainFix}`);
    }
  }

  persistent(): void {
    this.push(this.#host.persistent(this.pop(), (reason) => this.#fail(reason)));
  }
}
