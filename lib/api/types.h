/*
 * types.h - what goes over the wire as JSON, both ways (PROTOCOL 1 and 3).
 */
#ifndef API_TYPES_H
#define API_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "data/json.h"

/* A buildlet object of POST /buildlet/create and GET /buildlet/list. Strings
 * are owned; api_instance_release empties it. */
struct api_instance {
	char	*user;		/* "user-alice" */
	char	*name;
	char	*host_type;
	char	*builder_type;
	int64_t	 created, expires;	/* wall ms */
};

struct json *api_instance_json(const struct api_instance *) MUST;
int  api_instance_parse(struct api_instance *, const struct json *, struct err *e) MUST;
void api_instance_release(struct api_instance *);

/* GET /status of a buildlet. */
struct api_status {
	int	 version;
	struct strs features;
	char	*lease;		/* instance name it was leased as; NULL: none or unknown */
	/* Random, new whenever the machine began with a clean work directory; NULL: stock. */
	char	*boot;
	int64_t	 exec_seq;	/* grows with each change of an exec; 0: API_F_EXECS is not listed */
	int64_t	 running;	/* execs */
};

struct json *api_status_json(const struct api_status *) MUST;
int  api_status_parse(struct api_status *, const char *text, size_t len, struct err *e) MUST;
void api_status_release(struct api_status *);

/* An exec, as GET /execs of a buildlet and GET /api/v1/execs of the coordinator
 * show it: a command that is an object. What was missing is "", 0 or false. */
#define API_EXEC_ID_MIN 6	/* of [0-9a-z] */
#define API_EXEC_ID_MAX 32

enum api_exec_state { API_EXEC_RUNNING, API_EXEC_ENDED, API_EXEC_LOST };
const char *api_exec_state_name(enum api_exec_state);	/* "running" */

struct api_exec {
	char	*id;
	int64_t	 seq;		/* of its last change */
	char	*cmd;
	struct strs args;
	enum api_exec_state state;
	int64_t	 created, ended;	/* wall ms; ended 0: it runs */
	char	*status;	/* Process-State, or the reason; "" while it runs */
	char	*why;		/* "killed", "timeout", "disk"; "": it ended by itself */
	int64_t	 log_end;	/* offset (record.h) */
	int64_t	 output;	/* bytes of output in all */
};

/* GET /execs of a buildlet. */
struct api_execs {
	int64_t	 seq;		/* of the machine's last change */
	int64_t	 running;
	struct api_exec *v;
	size_t	 n;
};

bool api_exec_id_ok(const char *id);
int  api_exec_parse(struct api_exec *, const struct json *, struct err *e) MUST;
void api_exec_release(struct api_exec *);
int  api_execs_parse(struct api_execs *, const char *text, size_t len, struct err *e) MUST;
void api_execs_release(struct api_execs *);

#define API_LS_MODE_MAX 16	/* the longest mode string, "dugtrwxrwxrwx", and NUL */

/* A line of GET /ls (PROTOCOL 1). */
struct api_ls {
	char	 mode[API_LS_MODE_MAX];	/* as Go prints it, "-rw-r--r--" */
	char	*path;		/* without the '/' that directories end in */
	bool	 dir, regular;
	int64_t	 size;
	int64_t	 mtime;		/* wall ms, whole seconds */
	char	 sha1[41];	/* "" without digest */
	char	*target;	/* of a symbolic link, where API_F_LSLINK was asked for; NULL */
};

/* Go's fs.FileMode string for st_mode: type letters d L p S D c t u g, then
 * permission bits. out holds API_LS_MODE_MAX. */
void api_ls_mode(uint32_t st_mode, char *out);
/* The permission bits of such a string; -1 if it is none. */
int  api_ls_perm(const char *mode);
/* The line without newline; a name with a newline or tab cannot be told from
 * others in this format and is written as is. malloc'ed. */
char *api_ls_format(const struct api_ls *) MUST;
int  api_ls_parse(struct api_ls *, const char *line, struct err *e) MUST;
void api_ls_release(struct api_ls *);

#endif
