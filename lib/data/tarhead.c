/* tarhead.c - writing ustar and pax headers (tarhead.h). */
#include "data/tarhead.h"

#include <stdio.h>
#include <string.h>

#define NAME_ROOM	100
#define SIZE_MAX_USTAR	((uint64_t)077777777777)	/* 11 octal digits */

struct ustar {
	char	name[NAME_ROOM];
	char	mode[8], uid[8], gid[8];
	char	size[12], mtime[12];
	char	sum[8];
	char	kind;
	char	link[NAME_ROOM];
	char	magic[8];		/* and version */
	char	uname[32], gname[32];
	char	major[8], minor[8];
	char	prefix[155];
	char	rest[12];
};

_Static_assert(sizeof(struct ustar) == TARHEAD_BLOCK, "a tar header is one block");

/* Octal digits that fill the field but for its last byte, which is 0. */
static void
put_octal(char *field, size_t size, uint64_t n)
{
	size_t	i;

	field[size - 1] = '\0';
	for (i = size - 1; i-- > 0; n >>= 3)
		field[i] = (char)('0' + (n & 7));
}

/* A full field has no 0 at its end; what does not fit is in a pax record. */
static void
put_text(char *field, size_t size, const char *s)
{
	size_t	len = strlen(s);

	memcpy(field, s, len < size ? len : size);
}

static bool
mtime_fits(const struct timespec *t)
{
	return t->tv_nsec == 0 && t->tv_sec >= 0 &&
	    (uint64_t)t->tv_sec <= SIZE_MAX_USTAR;
}

static void
add_ustar(struct str *out, const struct tarhead *h, char kind)
{
	struct ustar	u;
	unsigned	sum = 0;
	size_t		i;

	memset(&u, 0, sizeof u);
	put_text(u.name, sizeof u.name, h->name);
	put_octal(u.mode, sizeof u.mode, h->mode & 07777);
	put_octal(u.uid, sizeof u.uid, 0);
	put_octal(u.gid, sizeof u.gid, 0);
	put_octal(u.size, sizeof u.size, h->size <= SIZE_MAX_USTAR ? h->size : 0);
	put_octal(u.mtime, sizeof u.mtime, h->mtime.tv_sec >= 0 &&
	    (uint64_t)h->mtime.tv_sec <= SIZE_MAX_USTAR ?
	    (uint64_t)h->mtime.tv_sec : 0);
	memset(u.sum, ' ', sizeof u.sum);
	u.kind = kind;
	if (h->link != NULL)
		put_text(u.link, sizeof u.link, h->link);
	memcpy(u.magic, "ustar\00000", sizeof u.magic);
	put_octal(u.major, sizeof u.major, 0);
	put_octal(u.minor, sizeof u.minor, 0);
	for (i = 0; i < sizeof u; i++)
		sum += ((const unsigned char *)&u)[i];
	put_octal(u.sum, 7, sum);	/* six digits, 0, blank */
	str_addn(out, &u, sizeof u);
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts its own digits, too. */
static void
add_record(struct str *out, const char *key, const char *value)
{
	size_t	rest = strlen(key) + strlen(value) + 3, len = rest, digits;
	char	number[24];

	do {
		digits = (size_t)snprintf(number, sizeof number, "%zu", len);
		len = rest + digits;
	} while ((size_t)snprintf(number, sizeof number, "%zu", len) != digits);
	str_add(out, number);
	str_addc(out, ' ');
	str_add(out, key);
	str_addc(out, '=');
	str_add(out, value);
	str_addc(out, '\n');
}

/* Seconds since 1970, with as many decimals as it takes. */
static void
add_mtime(struct str *out, const struct timespec *t)
{
	long long	sec = t->tv_sec, nsec = t->tv_nsec;
	const char	*sign = "";
	char		text[48];
	size_t		len;

	if (sec < 0) {		/* -1.5 is sec -2, nsec 500000000 */
		sign = "-";
		sec = -sec;
		if (nsec > 0) {
			sec--;
			nsec = 1000000000 - nsec;
		}
	}
	len = (size_t)snprintf(text, sizeof text, "%s%lld.%09lld", sign, sec, nsec);
	while (text[len - 1] == '0')
		text[--len] = '\0';
	if (text[len - 1] == '.')
		text[--len] = '\0';
	add_record(out, "mtime", text);
}

static void
add_pax(struct str *out, const struct str *records, const char *name)
{
	static const char	 prefix[] = "PaxHeaders/";
	char			 pax_name[NAME_ROOM];
	struct tarhead		 h = { .name = pax_name, .mode = 0644 };
	const char		*base = name;
	size_t			 i, pad;

	/* Only seen where somebody unpacks with a tool that knows no pax. */
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] == '/' && name[i + 1] != '\0')
			base = name + i + 1;
	snprintf(pax_name, sizeof pax_name, "%s%.80s", prefix, base);
	if (pax_name[strlen(pax_name) - 1] == '/')
		pax_name[strlen(pax_name) - 1] = '\0';
	h.size = records->len;
	add_ustar(out, &h, 'x');
	str_addn(out, records->s, records->len);
	for (pad = tarhead_padding(records->len); pad > 0; pad--)
		str_addc(out, '\0');
}

void
tarhead_add(struct str *out, const struct tarhead *h)
{
	struct str	records = STR_INIT;
	char		number[24];

	if (strlen(h->name) > NAME_ROOM)
		add_record(&records, "path", h->name);
	if (h->link != NULL && strlen(h->link) > NAME_ROOM)
		add_record(&records, "linkpath", h->link);
	if (h->size > SIZE_MAX_USTAR) {
		snprintf(number, sizeof number, "%llu", (unsigned long long)h->size);
		add_record(&records, "size", number);
	}
	if (!mtime_fits(&h->mtime))
		add_mtime(&records, &h->mtime);
	if (records.len > 0)
		add_pax(out, &records, h->name);
	add_ustar(out, h, (char)h->kind);
	str_release(&records);
}

size_t
tarhead_padding(uint64_t size)
{
	return (TARHEAD_BLOCK - size % TARHEAD_BLOCK) % TARHEAD_BLOCK;
}
