/*
 * uploads_int.h - the insides of uploads, shared by uploads.c (what there is, and
 * taking more) and uploads_read.c (handing it out). Nobody else includes it.
 */
#ifndef COORDINATOR_UPLOADS_INT_H
#define COORDINATOR_UPLOADS_INT_H

#include "base/queue.h"
#include "coordinator/uploads.h"

#define UPLOADS_FILE	128	/* room for the name of a file */
#define UPLOADS_PIECES	8	/* that were read last: twice what one reads at once */

struct piece;

struct blob {
	TAILQ_ENTRY(blob) entry;
	struct upload_row row;
	char		*user;
	char		*name;		/* its own, NULL: none */
	unsigned	 serial;	/* its file is DIGEST-SERIAL */
	unsigned	 readers;
	int64_t		 used;		/* loop_now */
};
TAILQ_HEAD(blobs, blob);

struct upload {
	TAILQ_ENTRY(upload) entry;
	struct uploads	*all;
	char		*user, *want;	/* want: NULL, or its digest */
	char		*name;		/* NULL: none */
	struct body	*body;
	struct digest	*digest;
	unsigned	 serial;	/* its file is new-SERIAL */
	int		 fd;
	uint64_t	 bytes;
	upload_fn	 fn;
	void		*arg;
};
TAILQ_HEAD(under_way, upload);

struct reading {
	TAILQ_ENTRY(reading) entry;
	struct uploads	*all;
	struct blob	*blob;		/* NULL: from is set */
	struct upload	*from;		/* it still comes in */
	struct body	*body;		/* the writer's end */
	int		 fd;
	uint64_t	 at;
};
TAILQ_HEAD(readings, reading);

struct uploads {
	struct loop		*loop;
	struct uploads_config	 cfg;
	int			 dir;
	struct blobs		 blobs;		/* the least recently used first */
	struct under_way	 under_way;
	struct readings		 readings;
	struct piece		*pieces[UPLOADS_PIECES];	/* while there are readings */
	unsigned		 next_piece;	/* takes the place of that one */
	unsigned		 serial;
};

/* uploads.c */
struct blob *uploads_blob(const struct uploads *, const char *user, const char *id);
struct upload *uploads_under_way(const struct uploads *, const char *user,
    const char *name);
void uploads_use(struct uploads *, struct blob *);
void blob_file(const struct blob *, char *file, size_t size);
void upload_file(const struct upload *, char *file, size_t size);

/* uploads_read.c: more of it has come; it is held as b from now on; it broke off. */
void readings_more(struct upload *);
void readings_held(struct upload *, struct blob *b);
void readings_broke(struct upload *, const struct err *why);
void readings_end(struct uploads *, const struct err *why);	/* all of them */

#endif
