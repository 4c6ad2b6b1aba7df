/* The heart of the driver: which way a statement goes. One pure function over one table (plan.def),
 * no side effects.
 *
 * design.md section 2. The first rule: no statement answers success without its effect. What cannot
 * have it over the transport at hand is refused here, before anything is sent, with a message that
 * names the remedy. */
#ifndef NEON_STMT_PLAN_H
#define NEON_STMT_PLAN_H

#include "base/err.h"
#include "sql/classify.h"

enum plan_kind {
    PLAN_SINGLE, /* one {"query": ...} */
    PLAN_BATCH,  /* {"queries": [...]}: several statements, settings at its head, or options of a
                    transaction */
    PLAN_READ,   /* in a transaction: a read-only batch, or a preview behind what waits, rolled back
                  */
    PLAN_QUEUE,  /* in a transaction: waits for the commit */
    PLAN_LOCAL,  /* transaction control: answered by the driver */
    PLAN_SETTING, /* SET, RESET, set_config: the driver keeps it, after the server has taken it once
                   */
    PLAN_SESSION, /* in the session, in a transaction of the server's when one is open */
    PLAN_REFUSE,  /* state and text say why */
};

/* What a session is for. */
enum session_use {
    SESSION_NONE,  /* there is none: Transport=http, a token, or none to be had */
    SESSION_ASIDE, /* Transport=auto: for transactions, and for what HTTP cannot do */
    SESSION_ALL,   /* for everything: Transport=websocket, or something lives in it */
};

/* What the planner may know of the connection. */
struct plan_context {
    bool several;     /* the text holds more than one statement */
    bool read_only;   /* SQL_ATTR_ACCESS_MODE = SQL_MODE_READ_ONLY or ReadOnly=1 */
    bool promise;     /* ReadOnly=1: whatever is said afterwards */
    bool isolation;   /* an isolation level other than the server's default was asked for */
    bool transaction; /* a buffered transaction is open (or the statement is BEGIN) */
    bool settings;    /* what may be left out stands at the head of the request (query timeout) */
    bool carried;     /* settings of the session do, which change what a statement means */
    bool checked;     /* REPEATABLE READ or SERIALIZABLE: a read must be the same at the commit */
    bool varies;      /* and this one cannot be (now(), random() among what it returns) */
    enum session_use session;
    bool reads_apart; /* with SESSION_ASIDE: nothing has been written yet, and at this isolation
                         level, and without functions that might do more than read, a read by itself
                         is as good as one inside the transaction */
};

struct plan {
    enum plan_kind kind;
    bool takes_settings; /* settings are put before the statement; else they are left out */
    enum sqlstate state; /* PLAN_REFUSE */
    const char *text;    /* PLAN_REFUSE: static, a full sentence with the remedy */
};

struct plan plan_statement(struct sql_kind kind, const struct plan_context *c);

#endif
