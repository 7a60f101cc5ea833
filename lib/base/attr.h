/* attr.h - compiler attributes, spelled once. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#endif
