/*
 * url.h - URLs, query strings and forms (RFC 3986; forms as the WHATWG URL
 * standard serializes them). A form field with a bare ';' in it is dropped, as
 * the stock programs do (PROTOCOL 1).
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct url {
	char	*scheme;	/* "http" or "https" */
	char	*host;		/* without brackets */
	int	 port;		/* 80 or 443 if none was given */
	char	*target;	/* path and query, at least "/" */
};

int  url_parse(struct url *, const char *text, struct err *e) MUST;
void url_release(struct url *);

/* Form fields in order of appearance. */
struct form;

struct form *form_new(void) MUST;
/* Parses "a=b&c=d"; more than max_fields or a broken escape is an error. NUL
 * bytes (%00) are an error. */
struct form *form_parse(const char *text, size_t len, size_t max_fields, struct err *e) MUST;
void form_free(struct form *);
void form_add(struct form *, const char *name, const char *value);
void form_addf(struct form *, const char *name, const char *fmt, ...) PRINTF(3, 4);
const char *form_get(const struct form *, const char *name);	/* first; NULL if absent */
/* Walks the values of one name: start with *it = 0; NULL at the end. */
const char *form_each(const struct form *, const char *name, size_t *it);
size_t form_len(const struct form *);
void form_at(const struct form *, size_t i, const char **name, const char **value);
char *form_encode(const struct form *) MUST;		/* malloc'ed */

/* %XX for all but unreserved characters; '/' stays too if keep_slash. malloc'ed. */
char *url_escape(const char *s, bool keep_slash) MUST;
/* NULL if an escape is broken or gives NUL. malloc'ed. */
char *url_unescape(const char *s, size_t len, bool plus_is_space) MUST;

#endif
