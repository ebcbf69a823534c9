# What the scripts share that need Python. They are in the top folder when they read it.

python=${PYTHON:-python3}

missing() {
    printf 'error: %s\nhelp: %s\n' "$1" "$2" >&2
    exit 2
}

need_python() {
    local debian="on Debian: apt-get install python3 python3-venv"
    command -v "$python" >/dev/null || missing "$python is missing" "install Python 3.11 or newer; $debian"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        missing "$("$python" --version) is too old" "install Python 3.11 or newer, or name one: PYTHON=python3.11 $0"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing "Python has no venv" "$debian"
}

# A Python environment in folder $1 with what the list $2 pins, and perhaps what the list $3 pins, without what that
# depends on. It is made anew when a list, Python or the place of the project changed.
install() {
    local folder=$1 list=$2 alone=${3-} stamp
    local pip=("$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input
        --require-hashes --only-binary :all:)
    stamp=$("$python" --version && pwd -P && cat "$list" ${alone:+"$alone"}) || return
    if [[ -e $folder/stamp && $(<"$folder/stamp") == "$stamp" ]]; then
        return
    fi
    rm -rf "$folder" &&
        "$python" -m venv "$folder" &&
        "${pip[@]}" -r "$list" &&
        { [[ -z $alone ]] || "${pip[@]}" --no-deps -r "$alone"; } &&
        printf '%s\n' "$stamp" >"$folder/stamp"
}
