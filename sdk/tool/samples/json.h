/* Enough JSON for a plugin in plain C: is it one, and where are its members? No memory is made. */
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct text {
  const char* at;
  const char* end;
} text;

static void json_blank(text* t) {
  while (t->at < t->end && (*t->at == ' ' || *t->at == '\t' || *t->at == '\n' || *t->at == '\r'))
    ++t->at;
}

static bool json_value(text* t, int depth);

static bool json_string(text* t) {
  if (t->at >= t->end || *t->at != '"') return false;
  for (++t->at; t->at < t->end; ++t->at) {
    if ((unsigned char)*t->at < 0x20) return false;
    if (*t->at == '\\') {
      ++t->at;
    } else if (*t->at == '"') {
      ++t->at;
      return true;
    }
  }
  return false;
}

static bool json_list(text* t, char close, int depth) {
  ++t->at;
  json_blank(t);
  if (t->at < t->end && *t->at == close) return ++t->at, true;
  for (;;) {
    json_blank(t);
    if (close == '}') {
      if (!json_string(t)) return false;
      json_blank(t);
      if (t->at >= t->end || *t->at++ != ':') return false;
    }
    if (!json_value(t, depth + 1)) return false;
    json_blank(t);
    if (t->at >= t->end) return false;
    if (*t->at == close) return ++t->at, true;
    if (*t->at++ != ',') return false;
  }
}

static bool json_value(text* t, int depth) {
  json_blank(t);
  if (t->at >= t->end || depth > 16) return false;
  if (*t->at == '{') return json_list(t, '}', depth);
  if (*t->at == '[') return json_list(t, ']', depth);
  if (*t->at == '"') return json_string(t);
  static const char* const kWords[] = {"true", "false", "null"};
  for (size_t i = 0; i < 3; ++i) {
    const size_t n = strlen(kWords[i]);
    if ((size_t)(t->end - t->at) >= n && memcmp(t->at, kWords[i], n) == 0) return t->at += n, true;
  }
  const char* start = t->at;
  while (t->at < t->end && (isdigit((unsigned char)*t->at) || strchr("+-.eE", *t->at) != NULL))
    ++t->at;
  return t->at > start;
}

/* One whole JSON object and nothing behind it. */
static bool json_is_object(text t) {
  json_blank(&t);
  if (t.at >= t.end || *t.at != '{' || !json_value(&t, 0)) return false;
  json_blank(&t);
  return t.at == t.end;
}

/* The next element of a list; false at its end. `t` stands behind '[' or the last element. */
static bool json_next(text* t, text* element) {
  json_blank(t);
  if (t->at < t->end && *t->at == ',') ++t->at;
  json_blank(t);
  if (t->at >= t->end || *t->at == ']') return false;
  element->at = t->at;
  if (!json_value(t, 0)) return false;
  element->end = t->at;
  return true;
}

/* A member of an object that json_is_object has seen; at == NULL when there is none. */
static text json_member(text object, const char* name) {
  text t = object, none = {NULL, NULL};
  json_blank(&t);
  ++t.at;
  for (;;) {
    json_blank(&t);
    if (t.at >= t.end || *t.at == '}') return none;
    if (*t.at == ',') ++t.at;
    json_blank(&t);
    const char* key = t.at + 1;
    if (!json_string(&t)) return none;
    const size_t length = (size_t)(t.at - key) - 1;
    json_blank(&t);
    ++t.at;
    json_blank(&t);
    text value = {t.at, NULL};
    if (!json_value(&t, 0)) return none;
    value.end = t.at;
    if (length == strlen(name) && memcmp(key, name, length) == 0) return value;
  }
}

static bool json_is(text value, char first) { return value.at != NULL && *value.at == first; }
