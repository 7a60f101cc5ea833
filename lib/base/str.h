/*
 * str.h - strings: a growing one, and small parsers that refuse what is wrong.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* A growing string; always NUL-terminated once something was added. What is
 * added must not lie within the string itself.
 * str_init fills, str_release empties, str_clear makes it "" and keeps room. */
struct str {
	char	*s;		/* NULL only while nothing was ever added */
	size_t	 len;
	size_t	 cap;
};

#define STR_INIT { NULL, 0, 0 }

void  str_init(struct str *);
void  str_release(struct str *);
void  str_clear(struct str *);
void  str_add(struct str *, const char *s);
void  str_addn(struct str *, const void *p, size_t len);
void  str_addc(struct str *, char c);
/* Room for len more bytes, which the caller writes there and counts: the first
 * of them, good until the next call. No NUL comes behind them. */
char *str_room(struct str *, size_t len);
void  str_addf(struct str *, const char *fmt, ...) PRINTF(2, 3);
void  str_vaddf(struct str *, const char *fmt, va_list ap) PRINTF(2, 0);
/* Hands the text over (never NULL; free() it) and leaves s empty. */
char *str_take(struct str *) MUST;
/* The text, "" if nothing was added; borrowed. */
const char *str_text(const struct str *);

/* A list of owned strings. v is NULL-terminated once something was added. */
struct strs {
	char	**v;
	size_t	  n;
	size_t	  cap;
};

#define STRS_INIT { NULL, 0, 0 }

void  strs_add(struct strs *, const char *s);		/* copies */
void  strs_adopt(struct strs *, char *s);		/* takes */
void  strs_addf(struct strs *, const char *fmt, ...) PRINTF(2, 3);
void  strs_release(struct strs *);
bool  strs_has(const struct strs *, const char *s);
/* Splits at each sep; empty fields are kept unless drop_empty. */
void  strs_split(struct strs *, const char *s, char sep, bool drop_empty);

bool  str_eq(const char *a, const char *b);	/* NULL equals only NULL */
bool  str_ieq(const char *a, const char *b);	/* ASCII case ignored */
bool  str_starts(const char *s, const char *prefix);
bool  str_ends(const char *s, const char *suffix);

/* Whole string, decimal, in range; otherwise -1 and *out untouched. */
int   str_int64(const char *s, int64_t min, int64_t max, int64_t *out) MUST;
/* "10", "64K", "1M", "2G", "1T": powers of 1024. -1 leaves *out untouched. */
int   str_size(const char *s, uint64_t *out) MUST;
/* "1.5 MiB" for people; buf holds 32; returns buf. */
char *str_human_size(uint64_t n, char *buf);

void  str_hex(const void *p, size_t len, char *out);	/* 2*len+1 bytes, lower case */
int   str_unhex(const char *s, void *out, size_t len) MUST; /* exactly len bytes, else -1 */
int   str_hex_value(char c);	/* of one digit, either case; -1 if it is none */
/* RFC 4648 section 4, padding required, no white space, no spare bits set (3.5).
 * Result is malloc'ed, NUL-terminated; NULL if malformed. len may be NULL. The
 * caller has bounded s. */
char *str_base64_decode(const char *s, size_t *len) MUST;
char *str_base64_encode(const void *p, size_t len) MUST;

/* One UTF-8 character at the start of s: its length, 1 to 4, and *cp; 0 and *cp
 * untouched where the first bytes are none (RFC 3629) or len is 0. */
size_t str_utf8(const char *s, size_t len, uint32_t *cp) MUST;
/* A character that would not be seen, or would change how others are seen; all
 * that a terminal obeys is among them. */
bool  str_hidden(uint32_t cp);
/* s as one readable word, always in double quotes, as Go's %q: printable UTF-8
 * stays, invalid bytes become \xNN, invisible characters \uNNNN. malloc'ed. */
char *str_quote(const char *s) MUST;
/* A name of ours: 1 to max bytes of [A-Za-z0-9._-], not beginning with '.' or '-'. */
bool  str_name_ok(const char *s, size_t max);

#endif
