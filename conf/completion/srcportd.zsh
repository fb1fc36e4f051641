#compdef srcportd
# SPDX-License-Identifier: ISC
# zsh completion for srcportd. The options are asked of the program itself.

_srcportd() {
	local line name brief value help action
	local -a fields specs
	for line in ${(f)"$(_call_program options ${(q)words[1]} --complete 2>/dev/null)"}; do
		fields=("${(@s.:.)line}")
		name=$fields[1] brief=$fields[2] value=$fields[3] help=${(j.:.)fields[4,-1]}
		help=${${help//\[/\\[}//\]/\\]}
		case $value in
		*'|'*) action=":$name:(${value//|/ })" ;;
		FILE|PATH) action=":$name:_files" ;;
		DIR) action=":$name:_files -/" ;;
		'') action='' ;;
		*) action=":$value: " ;;
		esac
		if [[ -n $action ]]; then
			specs+=("${name}=[${help}]$action")
		else
			specs+=("${name}[${help}]")
		fi
		[[ -n $brief ]] && specs+=("${brief}[${help}]")
	done
	_arguments -s $specs '*:target: '
}
_srcportd "$@"
