# What jq 1.6 has that can be said in its own language.

def map(f): [.[] | f];
def select(f): if f then . else empty end;
def recurse(f): def again: ., (f | again); again;
def recurse(f; cond): def again: ., (f | select(cond) | again); again;
def recurse: recurse(.[]?);
def recurse_down: recurse;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def scalars_or_empty: select(type != "array" and type != "object");
def finites: select(isfinite);
def normals: select(isnormal);
def error: error(.);
def add: reduce .[] as $x (null; . + $x);
def range($to): range(0; $to);
def range($from; $to; $by):
  if $by > 0 then $from | while(. < $to; . + $by)
  elif $by < 0 then $from | while(. > $to; . + $by)
  else empty end;
def while(cond; update): def again: if cond then ., (update | again) else empty end; again;
def until(cond; update): def again: if cond then . else (update | again) end; again;
def repeat(f): def again: f, again; again;
def first(f): label $out | (f | ., break $out);
def first: .[0];
def last: .[-1];
def last(f): reduce f as $x (null; $x);
def limit($n; f):
  if $n < 0 then f
  else label $out | foreach f as $x (0; . + 1; $x, if . >= $n then break $out else empty end) end;
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else last(limit($n + 1; f)) end;
def isempty(f): first((f | false), true);
def any(f; cond): isempty(first(f | cond or empty)) | not;
def all(f; cond): isempty(first(f | cond and empty));
def any(f): any(.[]; f);
def all(f): all(.[]; f);
def any: any(.);
def all: all(.);
def in(all): . as $key | all | has($key);
def inside(all): . as $part | all | contains($part);
def IN(s): any(s == .; .);
def IN(some; s): any(some == s; .);
def INDEX(rows; f): reduce rows as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($rows; f): [.[] | [., $rows[f]]];
def JOIN($rows; some; f): some | [., $rows[f]];
def JOIN($rows; some; f; join): some | [., $rows[f]] | join;
def to_entries: [keys_unsorted[] as $key | {key: $key, value: .[$key]}];
def from_entries:
  map({(.key // .Key // .name // .Name): (if has("value") then .value else .Value end)}) | add + {} // {};
def with_entries(f): to_entries | map(f) | from_entries;
def map_values(f): .[] |= f;
def reverse: [.[length - 1 - range(0; length)]];
def indices($part):
  if type == "array" and ($part | type) == "array" then .[$part]
  elif type == "array" then .[[$part]]
  elif type == "string" and ($part | type) == "string" then _positions($part)
  else .[$part] end;
def index($part): indices($part) | .[0];
def rindex($part): indices($part) | .[-1:][0];
def paths: path(..) | select(length > 0);
def paths(cond): . as $all | paths | select(. as $path | $all | getpath($path) | cond);
def leaf_paths: paths(scalars);
def _flat($depth):
  reduce .[] as $x ([]; if ($x | type) == "array" and $depth != 0 then . + ($x | _flat($depth - 1)) else . + [$x] end);
def flatten: _flat(-1);
def flatten($depth): if $depth < 0 then error("flatten depth must not be negative") else _flat($depth) end;
def combinations:
  if length == 0 then []
  else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $all | [range(n)] | map($all) | combinations;
def walk(f):
  . as $all
  | if type == "object" then reduce keys_unsorted[] as $key ({}; . + {($key): ($all[$key] | walk(f))}) | f
    elif type == "array" then map(walk(f)) | f
    else f end;
def transpose:
  if . == [] then []
  else . as $rows | (map(length) | max) as $most | length as $count
    | reduce range(0; $most) as $j ([]; . + [reduce range(0; $count) as $i ([]; . + [$rows[$i][$j]])]) end;
def tostream:
  path(def again: (.[]? | again), .; again) as $path
  | getpath($path)
  | reduce path(.[]?) as $last ([$path, .]; [$path + $last]);
def fromstream(f):
  {value: null, done: false} as $start
  | foreach f as $event ($start;
      if .done then $start else . end
      | if $event | length == 2
        then setpath(["done"]; $event[0] | length == 0) | setpath(["value"] + $event[0]; $event[1])
        else setpath(["done"]; $event[0] | length == 1) end;
      if .done then .value else empty end);
def truncate_stream(f):
  . as $n | null | f | . as $event
  | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;
def bsearch($wanted):
  . as $all
  | {low: 0, high: (length - 1), found: null}
  | until(.found != null or .low > .high;
      (((.low + .high) / 2) | floor) as $middle
      | if $all[$middle] == $wanted then .found = $middle
        elif $all[$middle] < $wanted then .low = $middle + 1
        else .high = $middle - 1 end)
  | if .found != null then .found else -1 - .low end;
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): [group_by(f)[] | .[0]];
def unique: group_by(.) | map(.[0]);
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def min: _min_by(.);
def max: _max_by(.);
def join($between):
  reduce .[] as $x (null;
    (if . == null then "" else . + $between end)
    + ($x | if . == null then "" elif type == "boolean" or type == "number" then tojson else . end)) // "";
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todate: todateiso8601;
def fromdate: fromdateiso8601;
def del(f): delpaths([path(f)]);
def _assign(target; $value): reduce path(target) as $path (.; setpath($path; $value));
def _modify(target; update):
  reduce path(target) as $path (.;
    . as $all | label $out | (setpath($path; $all | getpath($path) | update) | ., break $out), delpaths([$path]));
def _add_to(target; f): f as $x | reduce path(target) as $path (.; setpath($path; getpath($path) + $x));
def _take_from(target; f): f as $x | reduce path(target) as $path (.; setpath($path; getpath($path) - $x));
def _multiply_by(target; f): f as $x | reduce path(target) as $path (.; setpath($path; getpath($path) * $x));
def _divide_by(target; f): f as $x | reduce path(target) as $path (.; setpath($path; getpath($path) / $x));
def _remainder_by(target; f): f as $x | reduce path(target) as $path (.; setpath($path; getpath($path) % $x));
def _default_to(target; f): f as $x | reduce path(target) as $path (.; setpath($path; getpath($path) // $x));
def match($pattern; $flags): _matches($pattern; $flags; false) | .[];
def match($pattern):
  ($pattern | type) as $type
  | if $type == "string" then match($pattern; null)
    elif $type == "array" and ($pattern | length) > 1 then match($pattern[0]; $pattern[1])
    elif $type == "array" and ($pattern | length) > 0 then match($pattern[0]; null)
    else error($type + " not a string or array") end;
def test($pattern; $flags): _matches($pattern; $flags; true);
def test($pattern):
  ($pattern | type) as $type
  | if $type == "string" then test($pattern; null)
    elif $type == "array" and ($pattern | length) > 1 then test($pattern[0]; $pattern[1])
    elif $type == "array" and ($pattern | length) > 0 then test($pattern[0]; null)
    else error($type + " not a string or array") end;
def _named: [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def capture($pattern; $flags): match($pattern; $flags) | _named;
def capture($pattern): match($pattern) | _named;
def scan($pattern):
  match($pattern; "g") | if (.captures | length) > 0 then [.captures[].string] else .string end;
def split($pattern; $flags):
  . as $all
  | reduce match($pattern; $flags + "g") as $found ([[], 0];
      [.[0] + [$all[.[1]:$found.offset]], $found.offset + $found.length])
  | .[0] + [$all[.[1]:]];
def splits($pattern; $flags): split($pattern; $flags) | .[];
def splits($pattern): splits($pattern; null);
# With `g` what is left after a match is a text of its own, so `^` is found again.
def sub($pattern; text; $flags):
  ($flags != null and ($flags | contains("g"))) as $all
  | (if $all then $flags | split("g") | join("") else $flags end) as $flags
  | if ($pattern | type) == "array" then _not_run("`sub` with a list") else . end
  | {out: "", left: ., done: false}
  | until(.done;
      .left as $left
      | [$left | match($pattern; $flags)] as $found
      | if ($found | length) == 0 then .out = .out + $left | .done = true
        else $found[0] as $one
          | if $all and $one.length == 0 and $one.offset < ($left | length) then _not_run("`gsub` with a pattern that finds nothing") else . end
          | ([$one | _named | text] | if length == 1 then .[0] else _not_run("`sub` with several texts") end) as $text
          | .out = .out + $left[:$one.offset] + $text
          | .left = $left[$one.offset + $one.length:]
          | if $all | not then .out = .out + .left | .done = true
            elif .left == "" then .done = true
            else . end
        end)
  | .out;
def sub($pattern; text): sub($pattern; text; "");
def gsub($pattern; text; $flags): sub($pattern; text; $flags + "g");
def gsub($pattern; text): sub($pattern; text; "g");
def debug: .;
def stderr: .;
