package auth

import "testing"

func TestRights(t *testing.T) {
	for text, want := range map[string]Rights{
		"all": RightsAll, "none": 0, "list": RightList, "list,download": RightList | RightDownload,
		"upload,mkdir,attributes,hash,link": RightUpload | RightMkdir | RightAttributes | RightHash | RightLink,
	} {
		if r, err := ParseRights(text); err != nil || r != want || r.String() != text {
			t.Errorf("%s: %b, %v, %s", text, r, err, r)
		}
	}
	for i, name := range rightNames() {
		if r, err := ParseRights(" " + name + " "); err != nil || r != 1<<i {
			t.Errorf("%s: %b, %v", name, r, err)
		}
	}
	if len(rightNames()) != 13 || RightLink != 1<<12 {
		t.Error("rights without a name")
	}
	for _, bad := range []string{"", "List", "list,", "list download", "all,list", "everything"} {
		var r Rights
		if err := r.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken for %s", bad, r)
		}
	}
}
