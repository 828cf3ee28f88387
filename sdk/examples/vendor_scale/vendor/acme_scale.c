/* A stand-in for the vendor's library, for tests: the port's name says what the scale does. */
#include "acme_scale.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct acme_scale {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int aborted, moving, overloaded;
  long grams;
};

acme_scale* acme_open(const char* port) {
  acme_scale* s = NULL;
  if (strcmp(port, "none") == 0 || (s = calloc(1, sizeof *s)) == NULL) return NULL;
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->wake, NULL);
  s->moving = strcmp(port, "moving") == 0;
  s->overloaded = strcmp(port, "overloaded") == 0;
  s->grams = strcmp(port, "empty") == 0 ? 0 : 734;
  return s;
}

void acme_close(acme_scale* s) {
  pthread_cond_destroy(&s->wake);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

int acme_weigh(acme_scale* s, long* grams) {
  pthread_mutex_lock(&s->lock);
  s->aborted = 0;
  while (s->moving && !s->aborted) pthread_cond_wait(&s->wake, &s->lock);
  const int code = s->aborted ? ACME_ABORTED : s->overloaded ? ACME_OVERLOAD : ACME_OK;
  *grams = s->grams;
  pthread_mutex_unlock(&s->lock);
  return code;
}

/* Only an empty pan can be zero. */
int acme_zero(acme_scale* s) {
  pthread_mutex_lock(&s->lock);
  const int code = s->grams == 0 ? ACME_OK : ACME_NOT_EMPTY;
  pthread_mutex_unlock(&s->lock);
  return code;
}

void acme_abort(acme_scale* s) {
  pthread_mutex_lock(&s->lock);
  s->aborted = 1;
  pthread_cond_broadcast(&s->wake);
  pthread_mutex_unlock(&s->lock);
}
