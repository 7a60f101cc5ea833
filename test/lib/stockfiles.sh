#!/bin/sh
# stockfiles.sh REQUEST ROOT NAME=VALUE... - what a stock buildlet does with files,
# for stockbuildlet.c: its answer on stdout, the body of the request on stdin;
# a status that is not 0: refused. As there, an archive may hold files and
# directories only, a file that is there keeps its mode, and a listing tells of
# links no more than that they are.
set -eu
request=$1 root=$2
shift 2
dir='' digest=''

# under PATH: as a name below the root.
under() {
	case /$1/ in
	*/../*) echo "bad path" && exit 1 ;;
	esac
	echo "$root/$1"
}

ls_lines() {
	cd "$(under "$dir")" 2>/dev/null || { echo "ls: $dir: no such file or directory"; exit 1; }
	# shellcheck disable=SC2086
	find . -mindepth 1 $deep \
	    \( -type d -printf '%M\t%P/\n' \) -o \
	    \( -type l -printf '%M\t%P\n' \) -o \
	    -printf '%M\t%P\t%s\t%TY-%Tm-%TdT%TH:%TM:%TS\n' | sed -e 's/^l/L/' -e 's/\.[0-9]*$/Z/' |
	    while IFS= read -r line; do
		case $digest$line in
		true-*) file=${line#*	} && echo "$line	$(sha1sum <"${file%%	*}" | cut -c 1-40)" ;;
		*) echo "$line" ;;
		esac
	done
}

# From the folder where it was unpacked to the one where it belongs.
put_in() {
	find "$1" -mindepth 1 -printf '%P\n' | while IFS= read -r name; do
		if [ -L "$1/$name" ]; then
			echo "tar file entry $name contained unsupported file mode"
			exit 1
		elif [ -d "$1/$name" ]; then
			mkdir -p "$2/$name"
		elif [ -f "$2/$name" ]; then
			cat "$1/$name" >"$2/$name"
			touch -r "$1/$name" "$2/$name"
		else
			cp -p "$1/$name" "$2/$name"
		fi
	done
}

deep='-maxdepth 1'
for field; do
	case $field in
	dir=*) dir=${field#dir=} ;;
	digest=*) digest=${field#digest=} ;;
	recursive=true) deep='' ;;
	path=*)
		path=$(under "${field#path=}")
		case $request in
		/write) cat >"$path" ;;
		/removeall) if [ "$field" = path=. ]; then
				find "$root" -mindepth 1 -delete
			else
				rm -rf -- "$path"
			fi ;;
		esac
		;;
	esac
done
case $request in
/ls) TZ=UTC ls_lines ;;
/writetgz)
	scratch=$(mktemp -d)
	tar -C "$scratch" -xzf -
	mkdir -p "$(under "$dir")"
	status=0
	put_in "$scratch" "$(under "$dir")" || status=1
	rm -rf "$scratch"
	[ $status = 0 ] && echo OK
	;;
/write) printf OK ;;
esac
