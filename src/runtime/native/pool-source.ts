/**
 * The thread pool of native programs, in C. It is compiled once and cached like a program. The calling thread is thread 0
 * while a program runs; the others are the pool's own and sleep between launches.
 */
export const poolSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

typedef void Barrier(void *, uint32_t, uint32_t, uint32_t);
typedef void (*Run)(char *, const uint32_t *, int32_t, int32_t, Barrier *, void *);

/* A compiled program: the library it is in, and its function. */
typedef struct { void *library; Run run; } Program;

typedef struct {
  char *memory;
  int32_t threads;
  /* The core of the calling thread while a program runs; -1 where threads have no cores of their own. */
  int core;
  Run run;
  const uint32_t *table;
  pthread_t *ids;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  atomic_int sleepers;
  atomic_int closing;
  /* Words that are written together share a cache line: each line that is watched is fetched anew after a change. */
  _Alignas(64) atomic_uint launches;
  /* Threads inside the program; 0 when it has ended, and then nobody enters until the next launch. */
  atomic_uint inside;
  /* Stages that are done, and chunks of the next one. */
  _Alignas(64) atomic_uint stages;
  atomic_uint done;
  _Alignas(64) atomic_uint finished;
} Pool;

/*
 * Nanoseconds for which a thread looks at a word before it goes to sleep. In a barrier: a stage often takes microseconds,
 * and a thread that sleeps is woken late, on a virtual machine by a tenth of a millisecond. After a quick program: the next
 * one comes when JavaScript has built its graph. After others it sleeps at once, since the core is wanted.
 */
enum { barrier_patience = 2000000, quick_patience = 600000 };
/* Looks after which a thread asks for the time and offers its core to whoever else has work: some 20 microseconds. */
enum { looks = 500 };
/* Programs below so many nanoseconds are quick. */
static const int64_t quick = 4000000;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Returns when the word is no longer what was seen. */
static void await_change(Pool *pool, atomic_uint *word, uint32_t seen, int64_t patience) {
  /* Most words change within the first looks, before the clock is asked. */
  for (int64_t until = 0; patience > 0;) {
    for (int j = 0; j < looks; j++) {
      if (atomic_load_explicit(word, memory_order_acquire) != seen) return;
      relax();
    }
    int64_t time = now();
    if (until == 0) until = time + patience;
    if (time >= until) break;
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

/* Returns when all chunks of the stage are done, with those that the calling thread has done in it. */
static void barrier(void *of, uint32_t stage, uint32_t chunks, uint32_t own) {
  Pool *pool = of;
  if (pool->threads == 1) return;
  if (own != 0 && atomic_fetch_add(&pool->done, own) + own == chunks) {
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    atomic_store(&pool->stages, stage + 1);
    announce(pool);
    return;
  }
  /* One that comes late finds stages that others have done. */
  for (uint32_t seen; (seen = atomic_load(&pool->stages)) <= stage;) {
    await_change(pool, &pool->stages, seen, barrier_patience);
  }
}

/* Lets a thread of the pool take part in what runs; 0 when nothing does. */
static int enter(Pool *pool) {
  /* Most often the calling thread alone is inside. */
  uint32_t inside = 1;
  do {
    if (atomic_compare_exchange_strong(&pool->inside, &inside, inside + 1)) return 1;
  } while (inside != 0);
  return 0;
}

static void leave(Pool *pool) {
  if (atomic_fetch_sub(&pool->inside, 1) == 1) announce(pool);
}

#ifdef __linux__
typedef cpu_set_t Cores;
#else
typedef int Cores;
#endif

/*
 * The core of a thread where there are as many threads as cores, or -1; before is where it may run now. Left to itself, Linux
 * wakes two of them on one core time and again, and leaves them there for as long as a small program takes.
 */
static int core_of(const Pool *pool, int32_t thread, Cores *before) {
#ifdef __linux__
  if (sched_getaffinity(0, sizeof *before, before) != 0 || CPU_COUNT(before) != pool->threads) return -1;
  for (int cpu = 0, left = thread; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, before) && left-- == 0) return cpu;
  }
#else
  (void)pool, (void)thread, (void)before;
#endif
  return -1;
}

/* Keeps the thread that asks on a core. Returns whether that is so. */
static int take_core(int core) {
#ifdef __linux__
  Cores own;
  CPU_ZERO(&own);
  if (core >= 0) CPU_SET(core, &own);
  return core >= 0 && sched_setaffinity(0, sizeof own, &own) == 0;
#else
  (void)core;
  return 0;
#endif
}

/*
 * Whether the calling thread is on a core that another thread of the pool may need. It is most often where it was, and then
 * stays there by itself; keeping it there and letting it go again takes four microseconds.
 */
static int is_astray(const Pool *pool) {
#ifdef __linux__
  return pool->core >= 0 && sched_getcpu() != pool->core;
#else
  (void)pool;
  return 0;
#endif
}

static void leave_core(const Cores *before) {
#ifdef __linux__
  sched_setaffinity(0, sizeof *before, before);
#else
  (void)before;
#endif
}

typedef struct { Pool *pool; int32_t thread; } Seat;

static void *serve(void *of) {
  Seat seat = *(Seat *)of;
  free(of);
  Pool *pool = seat.pool;
  int64_t patience = 0;
  for (uint32_t seen = 0;;) {
    await_change(pool, &pool->launches, seen, patience);
    /* Only now is it known how many threads there are. */
    Cores before;
    if (seen == 0) take_core(core_of(pool, seat.thread, &before));
    if (atomic_load(&pool->closing)) return NULL;
    seen = atomic_load(&pool->launches);
    /* Woken too late for it. */
    if (!enter(pool)) continue;
    int64_t start = now();
    pool->run(pool->memory, pool->table, seat.thread, pool->threads, barrier, pool);
    patience = now() - start < quick ? quick_patience : 0;
    leave(pool);
  }
}

/*
 * Asks for large pages: programs go through megabytes, and an address of 4 KiB pages is looked up page after page, on a
 * virtual machine in two tables. The memory grows in place up to 4 GiB; advice for more than there is does no harm.
 */
static void take_large_pages(char *memory) {
#ifdef MADV_HUGEPAGE
  const uintptr_t large = UINT64_C(1) << 21, limit = UINT64_C(1) << 32;
  uintptr_t first = ((uintptr_t)memory + large - 1) & ~(large - 1);
  madvise((void *)first, (uintptr_t)memory + limit - first, MADV_HUGEPAGE);
#else
  (void)memory;
#endif
}

/* A pool over a memory with as many threads as the system gives, or NULL when it gives no memory. */
void *tatami_pool(void *memory, int32_t threads) {
  Pool *pool = aligned_alloc(64, sizeof(Pool));
  if (pool == NULL) return NULL;
  *pool = (Pool){.memory = memory};
  take_large_pages(memory);
  pool->ids = calloc((size_t)threads, sizeof(pthread_t));
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->changed, NULL);
  pool->threads = 1;
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
  Cores all;
  pool->core = core_of(pool, 0, &all);
  return pool;
}

int32_t tatami_threads(void *of) { return ((Pool *)of)->threads; }

/* Starts a program on the other threads. It ends when the calling one has taken part: see tatami_join. */
void tatami_begin(void *of, void *program, uint32_t table) {
  Pool *pool = of;
  pool->run = ((Program *)program)->run;
  pool->table = (const uint32_t *)(pool->memory + table);
  atomic_store_explicit(&pool->stages, 0, memory_order_relaxed);
  /* Nobody was inside. From here on others may be. */
  atomic_store_explicit(&pool->inside, 1, memory_order_release);
  atomic_fetch_add(&pool->launches, 1);
  announce(pool);
}

/* Takes part in what was begun until it has ended. */
void tatami_join(void *of, uint32_t number) {
  Pool *pool = of;
  Cores before;
  int moved = is_astray(pool) && take_core(core_of(pool, 0, &before));
  pool->run(pool->memory, pool->table, 0, pool->threads, barrier, pool);
  leave(pool);
  for (uint32_t inside; (inside = atomic_load(&pool->inside)) != 0;) {
    await_change(pool, &pool->inside, inside, barrier_patience);
  }
  if (moved) leave_core(&before);
  atomic_store(&pool->finished, number);
  announce(pool);
}

/* Runs a program on the calling thread and all others, and returns when it has ended. */
void tatami_launch(void *of, void *program, uint32_t table, uint32_t number) {
  tatami_begin(of, program, table);
  tatami_join(of, number);
}

static void no_barrier(void *of, uint32_t stage, uint32_t chunks, uint32_t own) { (void)of, (void)stage, (void)chunks, (void)own; }

/* Runs a program on the calling thread, and lets the others sleep. */
void tatami_launch_alone(void *of, void *program, uint32_t table, uint32_t number) {
  Pool *pool = of;
  ((Program *)program)->run(pool->memory, (const uint32_t *)(pool->memory + table), 0, 1, no_barrier, NULL);
  atomic_store(&pool->finished, number);
  announce(pool);
}

/* Returns when the launch of this number has ended. */
void tatami_wait(void *of, uint32_t number) {
  Pool *pool = of;
  for (uint32_t seen; (seen = atomic_load(&pool->finished)) != number;) await_change(pool, &pool->finished, seen, 0);
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
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return NULL;
  Run run = (Run)dlsym(library, "tatami_run");
  Program *program = run == NULL ? NULL : malloc(sizeof(Program));
  if (program == NULL) dlclose(library);
  else *program = (Program){library, run};
  return program;
}

void tatami_unload(void *of) {
  Program *program = of;
  dlclose(program->library);
  free(program);
}
`;
