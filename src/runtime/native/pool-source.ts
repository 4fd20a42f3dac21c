/**
 * The thread pool of native programs, in C. It is compiled once and cached like a program. The calling thread is
 * thread 0 and takes its share; the others wait, awake for a while and then asleep.
 */
export const poolSource = `
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

typedef void (*Run)(char *, const uint32_t *, int32_t, int32_t, void (*)(void *), void *);

typedef struct {
  char *memory;
  int32_t threads;
  Run run;
  const uint32_t *table;
  pthread_t *ids;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  atomic_int sleepers;
  atomic_int closing;
  /* Each on a cache line of its own: they are watched. */
  _Alignas(64) atomic_uint launches;
  _Alignas(64) atomic_uint pending;
  _Alignas(64) atomic_uint arrived;
  _Alignas(64) atomic_uint phase;
  _Alignas(64) atomic_uint finished;
} Pool;

/*
 * Looks at a word before a thread goes to sleep: some 2 milliseconds. A stage often takes microseconds, and a thread
 * that sleeps is woken late, and on the core of the one that wakes it. From time to time a thread offers its core to
 * whoever else has work, such as the thread it waits for.
 */
enum { rounds = 1000, looks = 50 };

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Returns when the word is no longer what was seen. */
static void await_change(Pool *pool, atomic_uint *word, uint32_t seen) {
  for (int i = 0; i < rounds; i++) {
    for (int j = 0; j < looks; j++) {
      if (atomic_load_explicit(word, memory_order_acquire) != seen) return;
      relax();
    }
    sched_yield();
  }
  pthread_mutex_lock(&pool->lock);
  /* Counted before the last look: whoever changes the word looks at the count afterwards. */
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(word) == seen) pthread_cond_wait(&pool->changed, &pool->lock);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->lock);
}

static void announce(Pool *pool) {
  if (atomic_load(&pool->sleepers) == 0) return;
  pthread_mutex_lock(&pool->lock);
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
}

static void barrier(void *of) {
  Pool *pool = of;
  if (pool->threads == 1) return;
  uint32_t phase = atomic_load(&pool->phase);
  if (atomic_fetch_add(&pool->arrived, 1) + 1 < (uint32_t)pool->threads) {
    await_change(pool, &pool->phase, phase);
    return;
  }
  atomic_store(&pool->arrived, 0);
  atomic_store(&pool->phase, phase + 1);
  announce(pool);
}

typedef struct { Pool *pool; int32_t thread; } Seat;

static void *serve(void *of) {
  Seat seat = *(Seat *)of;
  free(of);
  Pool *pool = seat.pool;
  for (uint32_t seen = 0;;) {
    await_change(pool, &pool->launches, seen);
    if (atomic_load(&pool->closing)) return NULL;
    seen = atomic_load(&pool->launches);
    pool->run(pool->memory, pool->table, seat.thread, pool->threads, barrier, pool);
    if (atomic_fetch_sub(&pool->pending, 1) == 1) announce(pool);
  }
}

/* A pool over a memory, or NULL when the system gives no threads. */
void *tatami_pool(void *memory, int32_t threads) {
  Pool *pool = aligned_alloc(64, sizeof(Pool));
  if (pool == NULL) return NULL;
  *pool = (Pool){.memory = memory, .threads = 1};
  pool->ids = calloc((size_t)threads, sizeof(pthread_t));
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->changed, NULL);
  for (int32_t i = 1; i < threads && pool->ids != NULL; i++) {
    Seat *seat = malloc(sizeof(Seat));
    if (seat == NULL) break;
    *seat = (Seat){pool, i};
    if (pthread_create(&pool->ids[i], NULL, serve, seat) != 0) {
      free(seat);
      break;
    }
    pool->threads = i + 1;
  }
  return pool;
}

int32_t tatami_threads(void *of) { return ((Pool *)of)->threads; }

/* Runs a program on all threads and returns when all have ended. */
void tatami_launch(void *of, void *program, uint32_t table, uint32_t number) {
  Pool *pool = of;
  pool->run = (Run)dlsym(program, "tatami_run");
  pool->table = (const uint32_t *)(pool->memory + table);
  atomic_store(&pool->pending, (uint32_t)pool->threads - 1);
  atomic_fetch_add(&pool->launches, 1);
  announce(pool);
  pool->run(pool->memory, pool->table, 0, pool->threads, barrier, pool);
  for (uint32_t left; (left = atomic_load(&pool->pending)) != 0;) await_change(pool, &pool->pending, left);
  atomic_store(&pool->finished, number);
  announce(pool);
}

/* Returns when the launch of this number has ended. */
void tatami_wait(void *of, uint32_t number) {
  Pool *pool = of;
  for (uint32_t seen; (seen = atomic_load(&pool->finished)) != number;) await_change(pool, &pool->finished, seen);
}

void tatami_close(void *of) {
  Pool *pool = of;
  atomic_store(&pool->closing, 1);
  atomic_fetch_add(&pool->launches, 1);
  announce(pool);
  for (int32_t i = 1; i < pool->threads; i++) pthread_join(pool->ids[i], NULL);
  pthread_cond_destroy(&pool->changed);
  pthread_mutex_destroy(&pool->lock);
  free(pool->ids);
  free(pool);
}

/* A compiled program, or NULL. */
void *tatami_load(const char *path) {
  void *program = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (program != NULL && dlsym(program, "tatami_run") == NULL) {
    dlclose(program);
    return NULL;
  }
  return program;
}

void tatami_unload(void *program) { dlclose(program); }
`;
