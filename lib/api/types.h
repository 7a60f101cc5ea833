/*
 * types.h - what goes over the wire as JSON, both ways (PROTOCOL 1 and 3).
 */
#ifndef API_TYPES_H
#define API_TYPES_H

#include <stdbool.h>
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
	char	*boot;		/* random, new at each start of the buildlet; NULL: stock */
};

struct json *api_status_json(const struct api_status *) MUST;
int  api_status_parse(struct api_status *, const char *text, size_t len, struct err *e) MUST;
void api_status_release(struct api_status *);

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
