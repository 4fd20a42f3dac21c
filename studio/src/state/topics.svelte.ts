/**
 * What verdicts point to, fetched once when the first verdict is shown. Where that fails the page shows names alone, and
 * the next verdict asks again.
 */
import type { Topic } from "../../../src/studio/protocol.ts";
import { api } from "../api/client.ts";

class TopicList {
  #topics = $state.raw<ReadonlyMap<string, Topic>>(new Map());
  #asked: Promise<void> | null = null;

  named(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  want(): void {
    this.#asked ??= this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      const { topics } = await api.topics();
      this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
    } catch {
      this.#asked = null;
    }
  }
}

export const topics: TopicList = new TopicList();
