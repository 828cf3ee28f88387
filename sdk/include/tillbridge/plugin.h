/* All of the plugin boundary: the only header a plugin includes. The rules stand in abi.h, the life
 * of an instance in instance.h.
 *
 *   the host offers    port.h events.h log.h time.h http.h state.h progress.h
 *   a plugin offers    entry.h instance.h input.h operations.h
 */
#ifndef TILLBRIDGE_PLUGIN_H
#define TILLBRIDGE_PLUGIN_H

#include <tillbridge/abi.h>
#include <tillbridge/entry.h>
#include <tillbridge/events.h>
#include <tillbridge/host.h>
#include <tillbridge/http.h>
#include <tillbridge/input.h>
#include <tillbridge/instance.h>
#include <tillbridge/log.h>
#include <tillbridge/operations.h>
#include <tillbridge/port.h>
#include <tillbridge/progress.h>
#include <tillbridge/state.h>
#include <tillbridge/time.h>

#endif
