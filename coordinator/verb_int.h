/* verb_int.h - the verbs themselves, for the table in verb.c alone. */
#ifndef COORDINATOR_VERB_INT_H
#define COORDINATOR_VERB_INT_H

#include "coordinator/verb.h"

#define VERB_WHO	"operator"	/* in the history, */
#define VERB_PEER	"control socket" /* and where it came from */

/* argv: the operands, NULL after the last. */
typedef int (*verb_fn)(const struct verb_context *, char **argv, struct str *out,
    struct err *e);

/* verb_store.c: these need the store only. */
int verb_user_add(const struct verb_context *, char **, struct str *, struct err *);
int verb_user_list(const struct verb_context *, char **, struct str *, struct err *);
int verb_user_disable(const struct verb_context *, char **, struct str *, struct err *);
int verb_user_enable(const struct verb_context *, char **, struct str *, struct err *);
int verb_user_token(const struct verb_context *, char **, struct str *, struct err *);
int verb_user_limit(const struct verb_context *, char **, struct str *, struct err *);
int verb_user_operator(const struct verb_context *, char **, struct str *, struct err *);
int verb_key_add(const struct verb_context *, char **, struct str *, struct err *);
int verb_key_list(const struct verb_context *, char **, struct str *, struct err *);
int verb_key_revoke(const struct verb_context *, char **, struct str *, struct err *);
int verb_events(const struct verb_context *, char **, struct str *, struct err *);

/* verb_core.c: these ask the running core. */
int verb_machine_list(const struct verb_context *, char **, struct str *, struct err *);
int verb_instance_list(const struct verb_context *, char **, struct str *, struct err *);
int verb_instance_end(const struct verb_context *, char **, struct str *, struct err *);
int verb_drain(const struct verb_context *, char **, struct str *, struct err *);
int verb_undrain(const struct verb_context *, char **, struct str *, struct err *);
int verb_status(const struct verb_context *, char **, struct str *, struct err *);

/* RFC 3339 in whole seconds, "-" for 0; buf holds CLOCK_TEXT_MAX. */
const char *verb_time(int64_t wall, char *buf);

#endif
