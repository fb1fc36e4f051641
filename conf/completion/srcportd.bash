# SPDX-License-Identifier: ISC
# bash completion for srcportd. The options are asked of the program itself: of the one in PATH,
# whatever stands first on the line.

_srcportd() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local name brief value help names='' want=''
	COMPREPLY=()
	# "--format=js" comes in three words.
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	while IFS=: read -r name brief value help; do
		names+="$name $brief "
		[[ $prev == "$name" || ( -n $brief && $prev == "$brief" ) ]] && want=$value
	done < <(command srcportd --complete 2>/dev/null)
	case $want in
	*'|'*) mapfile -t COMPREPLY < <(compgen -W "${want//|/ }" -- "$cur") ;;
	FILE | PATH) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	DIR) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	'') [[ $cur == -* ]] && mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur") ;;
	esac
}
complete -F _srcportd srcportd
