/* What the keywords mean to the layers below: struct net_options for transport/, struct
 * type_options for convert/. */
#ifndef NEON_CONFIG_NET_H
#define NEON_CONFIG_NET_H

#include "config/conn_options.h"
#include "convert/typemap.h"
#include "transport/net_options.h"

/* The strings of *out belong to o (o->made is refilled). Call conn_options_complete first. HY001.
 */
bool conn_options_to_net(struct conn_options *o, struct net_options *out,
                         struct err *e) NEON_MUST_CHECK;
void conn_options_to_types(const struct conn_options *o, struct type_options *out);

#endif
