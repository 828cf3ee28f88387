/* The vendor's header as it came with the library; every call blocks. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct acme_scale acme_scale;

enum { ACME_OK = 0, ACME_ABORTED = 1, ACME_NOT_EMPTY = 3, ACME_OVERLOAD = 7 };

acme_scale* acme_open(const char* port); /* NULL: no scale there */
void acme_close(acme_scale* scale);
int acme_weigh(acme_scale* scale, long* grams); /* until the weight is stable, however long */
int acme_zero(acme_scale* scale);
void acme_abort(acme_scale* scale); /* any thread: a call that blocks ends with ACME_ABORTED */

#ifdef __cplusplus
}
#endif
